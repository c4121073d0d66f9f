// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/**
 * Draws a plot as SVG: axes from zero, one line a series, a legend; nothing that a text viewer
 * cannot read.
 */
final class Svg {
  private static final int WIDTH = 640;
  private static final int HEIGHT = 360;
  private static final int LEFT = 80;
  private static final int RIGHT = 20;
  private static final int TOP = 50;
  private static final int BOTTOM = 60;
  private static final int Y_STEPS = 5;
  private static final String[] COLOURS = {"#1f6fb2", "#d1661a", "#3a8f4c", "#8a4fa3", "#777777"};

  private final Plot plot;
  private final StringBuilder svg = new StringBuilder();
  private final double lowX;
  private final double highX;
  private final double highY;

  private Svg(Plot plot) {
    this.plot = plot;
    lowX = plot.logX() ? extreme(Plot.Point::x, false) : Math.min(0, extreme(Plot.Point::x, false));
    highX = extreme(Plot.Point::x, true);
    highY = round(extreme(Plot.Point::y, true));
  }

  static String of(Plot plot) {
    return new Svg(plot).draw();
  }

  private double extreme(ToDoubleFunction<Plot.Point> of, boolean most) {
    var values = plot.lines().stream().flatMap(l -> l.points().stream()).mapToDouble(of);
    return most ? values.max().orElse(1) : values.min().orElse(0);
  }

  /** The next figure of one digit and zeros. */
  private static double round(double value) {
    double unit = Math.pow(10, Math.floor(Math.log10(Math.max(value, 1e-9))));
    return Math.ceil(value / unit) * unit;
  }

  private String draw() {
    svg.append(
        String.format(
            Locale.ROOT,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\""
                + " font-size=\"12\">%n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>%n",
            WIDTH,
            HEIGHT));
    text(LEFT, 20, "start", "14", plot.title());
    text((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 8, "middle", "12", plot.x());
    text(LEFT, 38, "start", "12", plot.y());
    axes();
    for (int at = 0; at < plot.lines().size(); at++) {
      line(plot.lines().get(at), COLOURS[at % COLOURS.length], at);
    }
    return svg.append("</svg>\n").toString();
  }

  private void axes() {
    for (int step = 0; step <= Y_STEPS; step++) {
      double value = highY * step / Y_STEPS;
      svg.append(
          String.format(
              Locale.ROOT,
              "<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"#dddddd\"/>%n",
              LEFT,
              WIDTH - RIGHT,
              y(value),
              y(value)));
      text(LEFT - 6, y(value) + 4, "end", "12", Series.number(value));
    }
    List<Double> ticks =
        plot.lines().stream()
            .flatMap(l -> l.points().stream())
            .map(Plot.Point::x)
            .distinct()
            .sorted()
            .toList();
    int every = Math.max(1, ticks.size() / 8);
    for (int at = 0; at < ticks.size(); at += every) {
      text(x(ticks.get(at)), HEIGHT - BOTTOM + 18, "middle", "12", Series.number(ticks.get(at)));
    }
  }

  private void line(Plot.Line line, String colour, int at) {
    StringBuilder points = new StringBuilder();
    for (Plot.Point point : line.points()) {
      points.append(String.format(Locale.ROOT, "%.1f,%.1f ", x(point.x()), y(point.y())));
    }
    svg.append(
        String.format(
            Locale.ROOT,
            "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>%n",
            points.toString().strip(),
            colour));
    for (Plot.Point point : line.points()) {
      svg.append(
          String.format(
              Locale.ROOT,
              "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>%n",
              x(point.x()),
              y(point.y()),
              colour));
    }
    svg.append(
        String.format(
            Locale.ROOT,
            "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" fill=\"%s\">%s</text>%n",
            WIDTH - RIGHT,
            20 + 14 * at,
            colour,
            escaped(line.label())));
  }

  private void text(double x, double y, String anchor, String size, String text) {
    svg.append(
        String.format(
            Locale.ROOT,
            "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" font-size=\"%s\">%s</text>%n",
            x,
            y,
            anchor,
            size,
            escaped(text)));
  }

  private double x(double value) {
    double share =
        plot.logX()
            ? (Math.log(value) - Math.log(lowX)) / (Math.log(highX) - Math.log(lowX))
            : (value - lowX) / (highX - lowX);
    return LEFT + share * (WIDTH - LEFT - RIGHT);
  }

  private double y(double value) {
    return HEIGHT - BOTTOM - value / highY * (HEIGHT - TOP - BOTTOM);
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;");
  }
}
