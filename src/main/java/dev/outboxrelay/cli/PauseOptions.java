// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.Destinations;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.operate.Session;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What {@code pause} and {@code resume} have in common. */
@WithoutVariables
final class PauseOptions {
  @Parameters(arity = "0..*", paramLabel = "NAME", description = "Destinations.")
  List<String> names = List.of();

  @Option(names = "--all", description = "All destinations.")
  boolean all;

  @Mixin OperatorOptions operator = new OperatorOptions();

  int run(boolean paused) throws InterruptedException {
    if (names.isEmpty() != all) {
      throw new UserError(
          ExitCode.USAGE,
          all
              ? "--all and names are given: give one or the other"
              : "which destinations? Name them, or --all");
    }
    return operator.run(session -> run(session, paused));
  }

  private int run(Session session, boolean paused) throws SQLException {
    Destinations destinations = new Destinations(session);
    List<Row> rows = destinations.list(null);
    List<String> there = rows.stream().map(row -> row.text("name")).toList();
    for (String name : names) {
      if (!there.contains(name)) {
        throw OperatorOptions.noDestination(name, there);
      }
    }
    List<Row> results = new ArrayList<>();
    List<String> words = new ArrayList<>();
    for (Row row : rows) {
      String name = row.text("name");
      if (!all && !names.contains(name)) {
        continue;
      }
      boolean changes = row.isTrue("paused") != paused;
      if (changes) {
        destinations.pause(name, paused);
      }
      results.add(Row.of("name", name, "paused", paused, "changed", changes));
      words.add(words(name, paused, changes));
    }
    operator.answer(
        Row.of("destinations", results),
        words.isEmpty()
            ? "no destination yet: nothing was changed"
            : String.join(System.lineSeparator(), words));
    return ExitCode.OK;
  }

  private static String words(String name, boolean paused, boolean changes) {
    if (!changes) {
      return name + (paused ? " was paused already" : " was not paused") + ": nothing was changed";
    }
    return name + (paused ? " is paused; its messages stay owed" : " is sent to again");
  }
}
