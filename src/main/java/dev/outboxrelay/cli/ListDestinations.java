// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.Destinations;
import dev.outboxrelay.operate.JsonPrinter;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.operate.Session;
import dev.outboxrelay.operate.TablePrinter;
import dev.outboxrelay.operate.TablePrinter.Column;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "list",
    description = "Lists the destinations; with a name, all settings of that one.",
    footerHeading = Exits.EXAMPLES,
    footer = {
      "  outbox-relay destinations list",
      "  outbox-relay destinations list shop",
      "  outbox-relay destinations list --json | jq '.destinations[].uri'"
    },
    exitCodeListHeading = Exits.HEADING,
    exitCodeList = {Exits.OK, Exits.USAGE, Exits.SCHEMA, Exits.UNREACHABLE, Exits.REFUSED})
@WithoutVariables
final class ListDestinations implements Callable<Integer> {
  private static final List<Column> COLUMNS =
      List.of(
          Column.of("name"),
          Column.of("uri"),
          Column.of("format"),
          Column.of("framing"),
          Column.of("ack"),
          Column.of("ordering"),
          Column.number("max_attempts"),
          Column.number("max_in_flight"),
          Column.of("on_failure"),
          Column.number("keep_delivered"),
          Column.of("paused"));

  @Parameters(arity = "0..1", paramLabel = "NAME", description = "Only this one, all of it.")
  @Nullable String name;

  @Mixin OperatorOptions operator = new OperatorOptions();

  @Override
  public Integer call() throws InterruptedException {
    return operator.run(this::show);
  }

  private int show(Session session) throws SQLException {
    Destinations destinations = new Destinations(session);
    List<Row> rows = destinations.list(name);
    if (name != null && rows.isEmpty()) {
      throw OperatorOptions.noDestination(name, destinations.names());
    }
    if (operator.json) {
      new JsonPrinter(operator.out()).print(Row.of("destinations", rows));
    } else if (rows.isEmpty()) {
      operator.out().println("no destination yet: outbox-relay destinations add NAME URI");
      operator.out().flush();
    } else if (name != null) {
      TablePrinter.printOne(operator.out(), rows.get(0));
    } else {
      new TablePrinter(operator.out(), COLUMNS).print(rows);
    }
    return ExitCode.OK;
  }
}
