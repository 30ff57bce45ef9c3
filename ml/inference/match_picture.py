"""Two photographs side by side, with lines between the places that agree; pure."""

from PIL import Image, ImageDraw

from ml.inference.local_matching import Match

GAP = 8
HEIGHT = 480
MOST_LINES = 60
COLOURS = ("#17c48c", "#ffb020", "#4aa3ff", "#ff6f91", "#c7e75a", "#b58bff")


def match_picture(query: Image.Image, reference: Image.Image, match: Match) -> Image.Image:
    """An RGB picture of both at the same height. Each line has a dark edge, so that it is seen
    on light and on dark ground; of many lines every n-th is drawn."""
    left, right = (
        image.convert("RGB").resize((max(1, round(image.width * HEIGHT / image.height)), HEIGHT))
        for image in (query, reference)
    )
    sheet = Image.new("RGB", (left.width + GAP + right.width, HEIGHT), "white")
    sheet.paste(left, (0, 0))
    sheet.paste(right, (left.width + GAP, 0))
    draw = ImageDraw.Draw(sheet)
    every = max(1, -(-match.inliers // MOST_LINES))
    places = zip(match.query[::every], match.reference[::every], strict=True)
    for number, ((y1, x1), (y2, x2)) in enumerate(places):
        start = x1 * HEIGHT / query.height, y1 * HEIGHT / query.height
        end = left.width + GAP + x2 * HEIGHT / reference.height, y2 * HEIGHT / reference.height
        for width, colour in ((4, "#10201a"), (2, COLOURS[number % len(COLOURS)])):
            draw.line([start, end], fill=colour, width=width)
        for x, y in (start, end):
            draw.ellipse([x - 4, y - 4, x + 4, y + 4], COLOURS[number % len(COLOURS)], "#10201a")
    return sheet
