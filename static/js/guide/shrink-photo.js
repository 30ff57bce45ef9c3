// Pictures beyond these are made smaller before they are sent: a phone's line is slow, and
// what is drawn anew carries no position.
export const LONGEST_SIDE = 2560;
export const LARGEST_BYTES = 6 * 1024 * 1024;
const QUALITY = 0.9;

/** Return the size with the longest side at most `longest`; never larger than before. */
export function fittingSize(width, height, longest) {
  const scale = Math.min(1, longest / Math.max(width, height));
  return { width: Math.round(width * scale), height: Math.round(height * scale) };
}

/** Return a smaller file for a large photo, the same file otherwise or where it cannot be read. */
export async function shrinkPhoto(file) {
  let bitmap;
  try {
    bitmap = await createImageBitmap(file);
  } catch {
    // The server knows more formats than this browser, and says what is wrong with the rest.
    return file;
  }
  try {
    const large = Math.max(bitmap.width, bitmap.height) > LONGEST_SIDE;
    if (!large && file.size <= LARGEST_BYTES) {
      return file;
    }
    const blob = await drawn(bitmap, fittingSize(bitmap.width, bitmap.height, LONGEST_SIDE));
    return blob ? new File([blob], "photo.jpg", { type: "image/jpeg" }) : file;
  } finally {
    bitmap.close();
  }
}

function drawn(bitmap, { width, height }) {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const ground = canvas.getContext("2d");
  if (!ground) {
    return null;
  }
  ground.fillStyle = "white";
  ground.fillRect(0, 0, width, height);
  ground.drawImage(bitmap, 0, 0, width, height);
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}
