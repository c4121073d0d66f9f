package dev.outboxrelay.bench;

import java.util.List;

/**
 * What a scenario found.
 *
 * @param figures in the order of the report
 * @param plots for the docs
 * @param notes how it was measured, where that is not plain
 */
record Result(List<Figure> figures, List<Plot> plots, List<String> notes) {
  static Result of(List<Figure> figures, String... notes) {
    return new Result(figures, List.of(), List.of(notes));
  }
}
