// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.util.List;
import java.util.stream.Stream;

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

  /** The same, of which nothing is expected. */
  Result reported() {
    return new Result(figures.stream().map(Figure::reported).toList(), plots, notes);
  }

  /** The same with more notes. */
  Result noting(List<String> more) {
    return new Result(figures, plots, Stream.concat(notes.stream(), more.stream()).toList());
  }
}
