"""Product pictures drawn by the program: one shape a kind, five colours."""

import io

from PIL import Image, ImageDraw, ImageFilter

SIZE = 640
INK = {
    "ai": (44, 74, 120),
    "shiro": (226, 222, 212),
    "wakakusa": (128, 160, 84),
    "akane": (176, 66, 62),
    "sumi": (58, 58, 62),
}
GROUND = (243, 239, 231)
Box = tuple[int, int, int, int]

# Shapes are drawn in order: (what, box, shade); shade 1.0 is the colour itself.
SHAPES: dict[str, list[tuple[str, Box, float]]] = {
    "yunomi": [("round", (210, 190, 430, 480), 1.0), ("oval", (210, 165, 430, 225), 0.7)],
    "kyusu": [
        ("oval", (170, 250, 450, 480), 1.0),
        ("round", (430, 300, 560, 340), 0.9),
        ("oval", (240, 225, 380, 275), 0.75),
        ("oval", (290, 200, 330, 235), 0.6),
    ],
    "tenugui": [
        ("round", (180, 150, 460, 500), 1.0),
        ("round", (180, 230, 460, 260), 1.35),
        ("round", (180, 330, 460, 360), 1.35),
    ],
    "osara": [("oval", (120, 200, 520, 460), 1.0), ("oval", (190, 245, 450, 415), 1.2)],
    "hashi": [
        ("round", (290, 120, 310, 540), 1.0),
        ("round", (335, 120, 355, 540), 1.0),
        ("round", (290, 120, 355, 160), 0.7),
    ],
    "furoshiki": [
        ("oval", (160, 250, 480, 510), 1.0),
        ("oval", (220, 180, 320, 290), 0.85),
        ("oval", (320, 180, 420, 290), 0.85),
    ],
    "donabe": [
        ("oval", (120, 260, 520, 500), 1.0),
        ("oval", (130, 220, 510, 340), 0.8),
        ("oval", (290, 190, 350, 240), 0.6),
    ],
    "kago": [
        ("round", (140, 280, 500, 480), 1.0),
        ("round", (140, 340, 500, 352), 0.7),
        ("round", (140, 410, 500, 422), 0.7),
    ],
    "kabin": [
        ("oval", (220, 290, 420, 530), 1.0),
        ("round", (290, 140, 350, 330), 1.0),
        ("oval", (275, 125, 365, 160), 0.75),
    ],
    "okou": [
        ("round", (200, 420, 440, 470), 1.0),
        ("round", (314, 160, 326, 420), 0.7),
        ("oval", (308, 145, 332, 169), 1.5),
    ],
    "sekken": [("round", (170, 240, 470, 440), 1.0), ("round", (220, 290, 420, 390), 1.15)],
    "chawan": [
        ("oval", (160, 180, 480, 500), 1.0),
        ("oval", (160, 180, 480, 300), 0.72),
        ("round", (260, 480, 380, 510), 0.85),
    ],
}


def picture(kind: str, colour: str) -> bytes:
    """A JPEG of 640 by 640 pixels."""
    image = Image.new("RGB", (SIZE, SIZE), GROUND)
    shadow = Image.new("L", (SIZE, SIZE), 0)
    ImageDraw.Draw(shadow).ellipse((130, 450, 510, 560), fill=90)
    image.paste((180, 172, 158), mask=shadow.filter(ImageFilter.GaussianBlur(24)))
    draw = ImageDraw.Draw(image)
    for what, box, shade in SHAPES[kind]:
        fill = _shaded(INK[colour], shade)
        if what == "oval":
            draw.ellipse(box, fill=fill)
        else:
            draw.rounded_rectangle(box, radius=min(box[2] - box[0], box[3] - box[1]) // 6, fill=fill)
    out = io.BytesIO()
    image.filter(ImageFilter.GaussianBlur(0.8)).save(out, "JPEG", quality=82)
    return out.getvalue()


def _shaded(colour: tuple[int, int, int], shade: float) -> tuple[int, int, int]:
    red, green, blue = (min(255, int(part * shade)) for part in colour)
    return red, green, blue
