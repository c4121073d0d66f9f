// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.operate;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Prints rows as a table for people: columns as wide as their cells, numbers to the right. Rows may
 * come in any number, piece by piece: the first piece decides how wide the columns are, and a later
 * cell that is wider takes its room alone. A table that is wider than the terminal would be broken
 * into lines that nobody can read: then each row is a block, a value a line.
 */
public final class TablePrinter {
  private static final String GAP = "  ";
  private static final int MAX_COLUMNS = 60;

  private final PrintWriter out;
  private final List<Column> columns;
  private final int terminal;
  private int @Nullable [] widths;

  /**
   * A column.
   *
   * @param right whether its cells stand to the right, as numbers do
   */
  public record Column(String header, boolean right, Function<Row, String> cell) {

    /** A value as it is. */
    public static Column of(String name) {
      return new Column(header(name), false, row -> Cell.text(row.get(name)));
    }

    /** A number. */
    public static Column number(String name) {
      return new Column(header(name), true, row -> Cell.text(row.get(name)));
    }

    /** A number that is made of a row. */
    public static Column number(String header, Function<Row, @Nullable Object> value) {
      return new Column(header, true, row -> Cell.text(value.apply(row)));
    }

    /** What is made of a row. */
    public static Column of(String header, Function<Row, @Nullable Object> value) {
      return new Column(header, false, row -> Cell.text(value.apply(row)));
    }

    private static String header(String name) {
      return name.replace('_', ' ').toUpperCase(Locale.ROOT);
    }
  }

  public TablePrinter(PrintWriter out, List<Column> columns) {
    this(out, columns, Integer.MAX_VALUE);
  }

  /**
   * @param terminal how many columns a line may have
   */
  public TablePrinter(PrintWriter out, List<Column> columns, int terminal) {
    this.out = out;
    this.terminal = terminal;
    this.columns = List.copyOf(columns);
  }

  /** Prints some rows; the first time the headers, too. */
  public void print(List<Row> rows) {
    List<List<String>> lines = new ArrayList<>();
    if (widths == null) {
      lines.add(columns.stream().map(Column::header).toList());
    }
    for (Row row : rows) {
      lines.add(columns.stream().map(c -> Harmless.cut(c.cell().apply(row), MAX_COLUMNS)).toList());
    }
    int[] wide = widths == null ? widths(lines) : widths;
    widths = wide;
    int gaps = GAP.length() * (wide.length - 1);
    if (Arrays.stream(wide).sum() + gaps > terminal) {
      lines.stream().skip(rows.size() < lines.size() ? 1 : 0).forEach(this::block);
      out.flush();
      return;
    }
    for (List<String> line : lines) {
      out.println(line(line, wide));
    }
    out.flush();
  }

  /** The first value, then the others below it, without those that say nothing. */
  private void block(List<String> cells) {
    int wide = columns.stream().mapToInt(c -> c.header().length()).max().orElse(0);
    out.println(cells.get(0));
    for (int n = 1; n < cells.size(); n++) {
      if (!cells.get(n).equals(Cell.text(null))) {
        String header = columns.get(n).header();
        out.println(GAP + header + " ".repeat(wide - header.length()) + GAP + cells.get(n));
      }
    }
  }

  /** One value a line, under its name, for a single row. */
  public static void printOne(PrintWriter out, Row row) {
    int wide = row.values().keySet().stream().mapToInt(String::length).max().orElse(0);
    row.values()
        .forEach(
            (name, value) ->
                out.println(name + " ".repeat(wide - name.length()) + GAP + Cell.text(value)));
    out.flush();
  }

  private int[] widths(List<List<String>> lines) {
    int[] wide = new int[columns.size()];
    for (List<String> line : lines) {
      for (int n = 0; n < wide.length; n++) {
        wide[n] = Math.max(wide[n], Harmless.columns(line.get(n)));
      }
    }
    return wide;
  }

  private String line(List<String> cells, int[] wide) {
    StringBuilder line = new StringBuilder();
    for (int n = 0; n < wide.length; n++) {
      String cell = cells.get(n);
      String fill = " ".repeat(Math.max(0, wide[n] - Harmless.columns(cell)));
      line.append(n == 0 ? "" : GAP);
      line.append(columns.get(n).right() ? fill + cell : cell + fill);
    }
    return line.toString().stripTrailing();
  }
}
