// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.Cell;
import dev.outboxrelay.operate.Destinations;
import dev.outboxrelay.operate.JsonPrinter;
import dev.outboxrelay.operate.Overview;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.operate.Session;
import dev.outboxrelay.operate.TablePrinter;
import dev.outboxrelay.operate.TablePrinter.Column;
import dev.outboxrelay.values.Durations;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "status",
    description = {
      "Shows what is owed, how old it is, who delivers it and what is wrong.",
      "A row a destination. Changes nothing."
    },
    footerHeading = Exits.EXAMPLES,
    footer = {
      "  outbox-relay status",
      "  outbox-relay status shop --watch",
      "  outbox-relay status --json | jq '.destinations[] | select(.failed > 0)'"
    },
    exitCodeListHeading = Exits.HEADING,
    exitCodeList = {Exits.OK, Exits.USAGE, Exits.SCHEMA, Exits.UNREACHABLE, Exits.REFUSED})
@WithoutVariables
final class StatusCommand implements Callable<Integer> {
  private static final Duration STOP_BOUND = Duration.ofSeconds(5);
  private static final Duration FAR = Duration.ofDays(1000);
  private static final String OK = "ok";
  private static final String CLEAR = "\u001b[H\u001b[2J";

  @Parameters(arity = "0..1", paramLabel = "NAME", description = "Only this destination.")
  @Nullable String name;

  @Option(names = "--watch", description = "Shows it again and again; Ctrl-C ends it.")
  boolean watch;

  @Option(
      names = "--every",
      paramLabel = "DURATION",
      defaultValue = "2s",
      description = "How often, with --watch; 100ms or more.")
  Duration every = Duration.ZERO;

  @Mixin OperatorOptions operator = new OperatorOptions();

  @Override
  public Integer call() throws InterruptedException {
    if (every.toMillis() < 100) {
      throw new UserError(
          ExitCode.USAGE, "--every is " + Durations.text(every) + ", need 100ms or more");
    }
    if (!watch) {
      return operator.run(session -> show(session, false));
    }
    boolean clear = !operator.json && Terminal.isThere();
    operator.run(session -> show(session, clear));
    try (StopSignal stop = StopSignal.listen(STOP_BOUND)) {
      while (stop.pause(every)) {
        look(clear);
      }
    }
    return ExitCode.OK;
  }

  /** With a session of its own: while the database is away, whoever watches wants to go on. */
  private void look(boolean clear) throws InterruptedException {
    try {
      operator.run(session -> show(session, clear));
    } catch (UserError e) {
      if (e.exitCode() != ExitCode.UNREACHABLE) {
        throw e;
      }
      operator.tell(e.getMessage() + "; looking again");
    }
  }

  private int show(Session session, boolean clear) throws SQLException {
    Instant now = session.now();
    List<Row> rows = new Overview(session).status(name);
    if (name != null && rows.isEmpty()) {
      throw OperatorOptions.noDestination(name, new Destinations(session).names());
    }
    if (operator.json) {
      new JsonPrinter(operator.out()).print(Row.of("at", now, "destinations", rows));
      return ExitCode.OK;
    }
    operator.out().print(clear ? CLEAR : "");
    if (watch) {
      operator.out().println(Cell.time(now));
    }
    if (rows.isEmpty()) {
      operator.out().println("no destination yet: outbox-relay destinations add NAME URI");
      operator.out().flush();
      return ExitCode.OK;
    }
    new TablePrinter(
            operator.out(), columns(rows, now), Terminal.columns(Environment.of(operator.spec)))
        .print(rows);
    return ExitCode.OK;
  }

  /** The limit alone where somebody has set one. */
  private static List<Column> columns(List<Row> rows, Instant now) {
    List<Column> columns =
        new ArrayList<>(
            List.of(
                Column.of("destination"),
                Column.of("STATE", StatusCommand::state),
                Column.number("pending"),
                Column.number("retry"),
                Column.number("held"),
                Column.number("failed"),
                Column.number("oldest_age"),
                Column.number("OWED", row -> bytes(row.get("owed_bytes"))),
                Column.number("GROWTH", StatusCommand::growth)));
    if (rows.stream().anyMatch(row -> row.get("max_owed_bytes") != null)) {
      columns.add(Column.of("LIMIT", row -> limit(row, now)));
    }
    columns.addAll(
        List.of(
            Column.of("owner"),
            Column.number("epoch"),
            Column.of("LAST ERROR", row -> lastError(row, now))));
    return columns;
  }

  private static @Nullable String bytes(@Nullable Object value) {
    return value instanceof Number number ? Cell.bytes(number.longValue()) : null;
  }

  private static @Nullable String growth(Row row) {
    long growth = row.number("owed_growth");
    return growth == 0 ? null : (growth > 0 ? "+" : "") + Cell.bytes(growth) + "/h";
  }

  /** When it will be reached, or since when it is. */
  private static @Nullable String limit(Row row, Instant now) {
    String limit = bytes(row.get("max_owed_bytes"));
    if (limit == null || !(row.get("limit_at") instanceof Instant at)) {
      return limit;
    }
    Duration left = Duration.between(now, at);
    if (left.compareTo(FAR) > 0) {
      return limit;
    }
    return left.isNegative()
        ? limit + " reached " + Cell.time(at)
        : limit + " in " + Cell.duration(left);
  }

  /** With its age where nothing is wrong any more, so that nobody takes it for today's. */
  private static @Nullable Object lastError(Row row, Instant now) {
    Object error = row.get("last_error");
    if (error == null
        || !worst(row).equals(OK)
        || !(row.get("last_error_at") instanceof Instant at)) {
      return error;
    }
    Duration age = Duration.between(at, now);
    return Cell.duration(age.isNegative() ? Duration.ZERO : age) + " ago: " + error;
  }

  private static String state(Row row) {
    String state = worst(row);
    if (row.get("capture_stopped_since") != null) {
      state += ", not captured";
    }
    long heldKeys = row.number("held_keys");
    return heldKeys == 0 ? state : state + ", keys held: " + heldKeys;
  }

  /** The worst that is known of it, in a word or two. */
  private static String worst(Row row) {
    if (row.get("down_since") instanceof Instant since) {
      return "down since " + Cell.time(since);
    }
    if (row.get("stalled_since") instanceof Instant since) {
      return "stalled since " + Cell.time(since);
    }
    if (row.isTrue("paused")) {
      return "paused";
    }
    return row.get("owner") == null ? "no relay" : OK;
  }
}
