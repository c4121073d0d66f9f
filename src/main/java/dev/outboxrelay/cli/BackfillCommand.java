// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.Backfill;
import dev.outboxrelay.operate.Backfill.Outcome;
import dev.outboxrelay.operate.Destinations;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.operate.Session;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "backfill",
    description = {
      "Writes a message, op 'read', for each row that a captured table has now.",
      "A few blocks at a time, each step a transaction, as outbox.backfill_in_steps does.",
      "Ctrl-C ends it after the next step; the same command again goes on where it was.",
      "Only the owner of the schema outbox may, and a superuser."
    },
    footerHeading = Exits.EXAMPLES,
    footer = {
      "  outbox-relay backfill public.orders shop",
      "  outbox-relay backfill public.orders shop --condition \"status = 'open'\" --rest 50ms"
    },
    exitCodeListHeading = Exits.HEADING,
    exitCodeList = {
      "0:Done: each row has its message.",
      Exits.USAGE,
      Exits.SCHEMA,
      Exits.UNREACHABLE,
      Exits.REFUSED,
      "9:Stopped before the end, or rows stayed locked: run it again."
    })
@WithoutVariables
final class BackfillCommand implements Callable<Integer> {
  private static final Duration STOP_BOUND = Duration.ofSeconds(30);

  @Parameters(index = "0", paramLabel = "TABLE", description = "The table, such as public.orders.")
  String table = "";

  @Parameters(index = "1", paramLabel = "NAME", description = "The destination.")
  String destination = "";

  @Option(
      names = "--condition",
      paramLabel = "SQL",
      description = "Which rows, as after WHERE; without it all.")
  @Nullable String condition;

  @Option(
      names = "--rest",
      paramLabel = "DURATION",
      defaultValue = "0s",
      description = "How long to rest after each step.")
  Duration rest = Duration.ZERO;

  @Option(
      names = "--patience",
      paramLabel = "DURATION",
      defaultValue = "1m",
      description = "How long to wait for rows that other transactions hold locked.")
  Duration patience = Duration.ZERO;

  @Mixin OperatorOptions operator = new OperatorOptions();

  @Override
  public Integer call() throws InterruptedException {
    return operator.run(this::backfill);
  }

  private int backfill(Session session) throws SQLException, InterruptedException {
    Backfill backfill = new Backfill(session);
    Optional<String> found = backfill.table(table);
    if (found.isEmpty()) {
      throw new UserError(
          ExitCode.USAGE, "there is no table '" + table + "'; write it with its schema");
    }
    Destinations destinations = new Destinations(session);
    if (destinations.find(destination).isEmpty()) {
      throw OperatorOptions.noDestination(destination, destinations.names());
    }
    ProgressLine line = new ProgressLine(operator::tell);
    try (StopSignal stop = StopSignal.listen(STOP_BOUND)) {
      // The step that is under way is finished, and what was done is told.
      if (!stop.hold()) {
        return ExitCode.FINDINGS;
      }
      stop.endWith(ExitCode.FINDINGS);
      long[] begun = {-1};
      Outcome outcome =
          backfill.run(
              table,
              destination,
              condition,
              rest,
              patience,
              stop::pause,
              (rows, read, blocks) -> {
                begun[0] = begun[0] < 0 ? read : begun[0];
                line.at("rows", rows, read - begun[0], blocks - begun[0]);
                return !stop.isAsked();
              });
      operator.answer(
          Row.of(
              "table", found.get(),
              "destination", destination,
              "rows", outcome.rows(),
              "end", outcome.end().name().toLowerCase(Locale.ROOT)),
          words(found.get(), outcome));
      return outcome.end() == Backfill.End.COMPLETE ? ExitCode.OK : ExitCode.FINDINGS;
    }
  }

  private String words(String name, Outcome outcome) {
    String rows = outcome.rows() + " rows of " + name + " written for " + destination;
    return switch (outcome.end()) {
      case COMPLETE -> rows;
      case STOPPED -> "stopped: " + rows + "; the same command again goes on";
      case LOCKED ->
          rows + "; the last ones are locked by other transactions: the same command again goes on";
    };
  }
}
