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

# Where 64 bits are too few.
UNBOUNDED = [
    lambda n: [2**64 - 1 - n, 2**70 + n, {"negative": -(2**90) - n}],
]


def arguments(count, bits):
    """The arguments of `count` jobs, all shapes in turn whose integers have so many bits."""
    shapes = EVERYWHERE + (EXACT if bits >= 64 else []) + (UNBOUNDED if bits > 64 else [])
    return [shapes[n % len(shapes)](n) for n in range(count)]


# One job whose arguments have types in the library: text, number, a map in a map, nothing, a fraction, a list.
INVOICE = ["Jürgen 🚀", 2**53 - 1, {"lines": {"é": 1, "日本": -2}, "note": None}, None, 0.1, [0, 1]]
