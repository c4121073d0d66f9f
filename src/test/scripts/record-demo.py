#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records the demo as docs/demo.svg: what it prints, at the pace at which it printed it.

    mvn -q -DskipTests package && src/test/scripts/record-demo.py
"""
import html
import pathlib
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
COMMAND = [str(ROOT / "bin" / "outbox-relay"), "demo"]
WIDTH = 112  # characters; longer lines are cut
LINE = 18
HOLD = 6  # seconds for which the last line stays


def record():
    """Each line with the second at which it came."""
    begin = time.monotonic()
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True) as demo:
        lines = [(time.monotonic() - begin, line.rstrip("\n")) for line in demo.stdout]
    if demo.returncode != 0:
        raise SystemExit(f"the demo ended with {demo.returncode}")
    return lines


def kind(line):
    if "<-" in line:
        return "in"
    if line[4:7] == " s ":
        return "head"
    return "text"


def svg(lines):
    end = lines[-1][0] + HOLD
    height = LINE * (len(lines) + 3)
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 940 {height}" '
        'font-family="ui-monospace, Menlo, Consolas, monospace" font-size="13.3">',
        "<title>A recording of the demo</title>",
        "<style>",
        ".back{fill:#0d1117;stroke:#57606a}text{fill:#c9d1d9;white-space:pre}",
        ".head{fill:#79c0ff;font-weight:600}.in{fill:#7ee787}",
        f"g{{animation:show {end:.1f}s infinite}}",
        "@media (prefers-reduced-motion:reduce){g{animation:none;opacity:1}}",
    ]
    for number, (at, _) in enumerate(lines):
        share = 100 * at / end
        out.append(
            f"@keyframes k{number}{{0%,{share:.2f}%{{opacity:0}}"
            f"{share + 0.01:.2f}%,100%{{opacity:1}}}}#l{number}{{animation-name:k{number}}}"
        )
    out += ["</style>", f'<rect class="back" width="940" height="{height}" rx="8"/>']
    out.append(f'<text x="16" y="{LINE + 8}">$ mvn -q compile exec:java</text>')
    for number, (_, line) in enumerate(lines):
        shown = line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"
        y = LINE * (number + 2) + 8
        out.append(
            f'<g id="l{number}"><text class="{kind(line)}" x="16" y="{y}" xml:space="preserve">'
            f"{html.escape(shown)}</text></g>"
        )
    return "\n".join(out + ["</svg>", ""])


if __name__ == "__main__":
    target = ROOT / "docs" / "demo.svg"
    target.write_text(svg(record()), encoding="utf-8")
    print(target)
