// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.util.List;

/**
 * A plot.
 *
 * @param name of the file, without its ending
 * @param title above the plot
 * @param x what runs to the right
 * @param y what runs upwards
 * @param logX whether the x axis is logarithmic
 * @param lines one a series
 */
record Plot(String name, String title, String x, String y, boolean logX, List<Line> lines) {

  /** A series of points. */
  record Line(String label, List<Point> points) {}

  /** A point. */
  record Point(double x, double y) {}
}
