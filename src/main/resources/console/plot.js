// SPDX-License-Identifier: Apache-2.0
// A small history: a bar for each half minute of the last hour.

const SVG = "http://www.w3.org/2000/svg";
const WIDTH = 120;
const HEIGHT = 24;

/** What is drawn. Numbers alone get into it. */
export function plot(points) {
  const most = Math.max(1, ...points);
  const bar = WIDTH / Math.max(1, points.length);
  let path = "";
  points.forEach((n, at) => {
    if (n > 0) {
      const height = Math.max(1, (n / most) * HEIGHT);
      path += `M${(at * bar).toFixed(1)} ${HEIGHT}v${-height.toFixed(1)}h${bar.toFixed(1)}v${height.toFixed(1)}z`;
    }
  });
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${WIDTH} ${HEIGHT}`);
  svg.setAttribute("class", "plot");
  svg.setAttribute("role", "img");
  const sum = points.reduce((a, b) => a + b, 0);
  svg.setAttribute(
    "aria-label",
    sum === 0
      ? "nothing delivered by this relay in the last hour"
      : `${sum} delivered in the last hour, at most ${most} in half a minute`,
  );
  const line = document.createElementNS(SVG, "path");
  line.setAttribute("d", path + `M0 ${HEIGHT - 0.5}h${WIDTH}v0.5h${-WIDTH}z`);
  svg.append(line);
  return svg;
}
