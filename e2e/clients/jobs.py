"""The arguments that are sent around: one list per job, each shape with its number in it."""

EVERYWHERE = [
    lambda n: [f"plain {n}"],
    lambda n: [],
    lambda n: ["+", n, 5],
    lambda n: [{"op": "+", "x": n, "y": 5}],
    lambda n: [f"ünïcødé ☃ 日本語 🚀 {n}", '\u0000\t"\\/\u2028\r\n<>&\u007f\U0001f469\u200d\U0001f680'],
    lambda n: [9007199254740991 - n, n - 9007199254740991],
    lambda n: [[{"deep": [[[n, None, True, False]], {}, []]}]],
    lambda n: [n + 0.5, -0.25, 0.125, 1.5e300],
    lambda n: ["x" * 20_000 + str(n)],
    lambda n: [{"key with space": "a b", "é": "<script>&amp;</script>", "n": n, "": "an empty key"}],
]

# Where a double would lose something; JavaScript knows no other numbers.
EXACT = [
    lambda n: [2**63 - 1 - n, n - 2**63, 2**53 + 1 + 2 * n],
    lambda n: [1.0, {"id": 2**62 + n}],
]


def arguments(count, exact):
    """The arguments of `count` jobs, all shapes in turn."""
    shapes = EVERYWHERE + EXACT if exact else EVERYWHERE
    return [shapes[n % len(shapes)](n) for n in range(count)]
