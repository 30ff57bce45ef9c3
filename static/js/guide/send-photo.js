/**
 * The server's answer to a photo that it does not take; `detail` is a sentence for people.
 * `mayHelpLater`: the same photo may be taken another time.
 */
export class PhotoRefused extends Error {
  constructor(detail, mayHelpLater) {
    super(detail);
    this.detail = detail;
    this.mayHelpLater = mayHelpLater;
  }
}

/** The photo did not get through; sending it again may work. */
export class ConnectionBroken extends Error {}

/**
 * Send a photo with the form's other fields and return the address of the answer.
 * `onProgress` hears the share that was sent, 0 to 1. fetch() has no upload progress.
 */
export function sendPhoto(form, file, onProgress) {
  const fields = new FormData();
  for (const [name, value] of new FormData(form)) {
    if (name !== "photo") {
      fields.append(name, value);
    }
  }
  fields.append("photo", file, file.name || "photo.jpg");
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("Accept", "application/json");
    request.upload.addEventListener("progress", (event) => {
      if (event.lengthComputable) {
        onProgress(event.loaded / event.total);
      }
    });
    request.addEventListener("load", () => {
      if (request.status >= 200 && request.status < 300) {
        resolve(request.responseURL);
      } else {
        const mayHelpLater = request.status === 429 || request.status >= 500;
        reject(new PhotoRefused(detailOf(request), mayHelpLater));
      }
    });
    for (const name of ["error", "abort", "timeout"]) {
      request.addEventListener(name, () => reject(new ConnectionBroken()));
    }
    request.timeout = 120_000;
    request.send(fields);
  });
}

function detailOf(request) {
  try {
    return JSON.parse(request.responseText).detail || "";
  } catch {
    return "";
  }
}
