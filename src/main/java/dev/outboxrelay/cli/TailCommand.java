// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.Cell;
import dev.outboxrelay.operate.Destinations;
import dev.outboxrelay.operate.JsonPrinter;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.operate.Session;
import dev.outboxrelay.operate.TablePrinter;
import dev.outboxrelay.operate.TablePrinter.Column;
import dev.outboxrelay.operate.Tail;
import dev.outboxrelay.values.Durations;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "tail",
    description = {
      "Follows what is delivered, or with --owed what is newly owed; Ctrl-C ends it.",
      "What is delivered can be seen of destinations that keep it (keep_delivered) alone. What is",
      "owed is seen when it waits at the moment of a look: most messages are gone before.",
      "Rows are shown only with --payload."
    },
    footerHeading = Exits.EXAMPLES,
    footer = {
      "  outbox-relay tail shop",
      "  outbox-relay tail --owed --table public.orders --payload",
      "  outbox-relay tail shop --since 1d --key 17 --no-follow --payload --json"
    },
    exitCodeListHeading = Exits.HEADING,
    exitCodeList = {
      "0:Ended by Ctrl-C, or with --no-follow when all was shown.",
      Exits.USAGE,
      Exits.SCHEMA,
      Exits.UNREACHABLE,
      Exits.REFUSED
    })
@WithoutVariables
final class TailCommand implements Callable<Integer> {
  private static final Duration STOP_BOUND = Duration.ofSeconds(5);

  /** A look that takes long is followed by a rest of so many times its length. */
  private static final int REST = 4;

  @Parameters(arity = "0..*", paramLabel = "NAME", description = "Only these destinations.")
  List<String> names = List.of();

  @Option(names = "--owed", description = "What is newly owed, instead of what is delivered.")
  boolean owed;

  @Option(names = "--payload", description = "The rows, too: old_row, new_row and headers.")
  boolean payload;

  @Option(
      names = "--table",
      paramLabel = "TABLE",
      description = "Only of this table: public.orders, or orders in whatever schema.")
  @Nullable String table;

  @Option(names = "--key", paramLabel = "KEY", description = "Only of this key, all of it.")
  @Nullable String key;

  @Option(
      names = "--since",
      paramLabel = "TIME",
      converter = Moment.Converter.class,
      description = "What was delivered from this time on, such as 1h for an hour ago.")
  @Nullable Moment since;

  @Option(names = "--no-follow", description = "Ends when all that is there was shown.")
  boolean noFollow;

  @Option(
      names = "--every",
      paramLabel = "DURATION",
      defaultValue = "1s",
      description = "How often it looks; 100ms or more.")
  Duration every = Duration.ZERO;

  @Mixin OperatorOptions operator = new OperatorOptions();

  @Override
  public Integer call() throws InterruptedException {
    if (every.toMillis() < 100) {
      throw new UserError(
          ExitCode.USAGE, "--every is " + Durations.text(every) + ", need 100ms or more");
    }
    if (owed && (since != null || noFollow)) {
      throw new UserError(
          ExitCode.USAGE,
          "--owed follows what comes from now on: leave out --since and --no-follow; what waits"
              + " already is told by outbox-relay status");
    }
    return operator.run(this::follow);
  }

  private int follow(Session session) throws SQLException, InterruptedException {
    Instant from = since == null ? session.now() : since.before(session.now());
    Tail tail = new Tail(session, owed, payload, table, key);
    take(session, tail, from, true);
    Consumer<List<Row>> printer = printer();
    long count = 0;
    try (StopSignal stop = StopSignal.listen(STOP_BOUND)) {
      if (!stop.hold()) {
        return ExitCode.OK;
      }
      Duration rest;
      do {
        long begun = System.nanoTime();
        count += tail.look(printer);
        if (noFollow) {
          break;
        }
        take(session, tail, from, false);
        Duration took = Duration.ofNanos(System.nanoTime() - begun);
        Duration longer = took.multipliedBy(REST);
        rest = longer.compareTo(every) > 0 ? longer : every;
      } while (stop.pause(rest));
      if (!noFollow) {
        operator.tell("ended; messages shown: " + count);
      } else if (count == 0 && !operator.json) {
        operator.out().println("nothing that is kept matches");
        operator.out().flush();
      }
    }
    return ExitCode.OK;
  }

  /** Those that there are now: more may come while it runs. */
  private void take(Session session, Tail tail, Instant from, boolean first) throws SQLException {
    List<Row> rows = new Destinations(session).list(null);
    List<String> there = rows.stream().map(row -> row.text("name")).toList();
    if (first) {
      for (String name : names) {
        if (!there.contains(name)) {
          throw OperatorOptions.noDestination(name, there);
        }
      }
    }
    List<String> keepNothing = new ArrayList<>();
    for (Row row : rows) {
      String name = row.text("name");
      if (!names.isEmpty() && !names.contains(name)) {
        continue;
      }
      if (!owed && row.get("keep_delivered") == null) {
        keepNothing.add(name);
      } else if (!tail.follows(name)) {
        tail.from(name, from);
      }
    }
    if (first && !keepNothing.isEmpty()) {
      operator.tell(
          "deliveries of "
              + String.join(", ", keepNothing)
              + " cannot be seen, since they are not kept: outbox-relay destinations set "
              + keepNothing.get(0)
              + " keep_delivered=10m, or --owed");
    }
  }

  private Consumer<List<Row>> printer() {
    if (operator.json) {
      JsonPrinter json = new JsonPrinter(operator.out());
      return json::print;
    }
    List<Column> columns = new ArrayList<>();
    columns.add(
        owed
            ? Column.of("WRITTEN", row -> row.get("created_at"))
            : Column.of("DELIVERED", row -> row.get("delivered_at")));
    columns.add(
        owed
            ? Column.of("state")
            : new Column("AFTER", true, row -> Cell.text(TailCommand.after(row))));
    columns.add(Column.of("destination"));
    columns.add(Column.of("id"));
    columns.add(Column.of("op"));
    columns.add(Column.of("TABLE", FailedCommand::source));
    columns.add(Column.of("key"));
    if (payload) {
      columns.add(Column.of("old_row"));
      columns.add(Column.of("new_row"));
    }
    TablePrinter table = new TablePrinter(operator.out(), columns);
    return table::print;
  }

  /** From the change to its acknowledgement. */
  private static @Nullable Duration after(Row row) {
    return row.get("created_at") instanceof Instant written
            && row.get("delivered_at") instanceof Instant delivered
        ? Duration.between(written, delivered)
        : null;
  }
}
