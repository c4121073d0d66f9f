// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.JsonPrinter;
import dev.outboxrelay.operate.Overview;
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
import picocli.CommandLine.Option;

@Command(
    name = "captures",
    description = "Shows which tables are captured, and for which destinations.",
    footerHeading = Exits.EXAMPLES,
    footer = {
      "  outbox-relay captures",
      "  outbox-relay captures --table public.orders",
      "  outbox-relay captures --json | jq -r '.captures[].source'"
    },
    exitCodeListHeading = Exits.HEADING,
    exitCodeList = {
      "0:Done, whether there are any or not.",
      Exits.USAGE,
      Exits.SCHEMA,
      Exits.UNREACHABLE,
      Exits.REFUSED
    })
@WithoutVariables
final class CapturesCommand implements Callable<Integer> {
  private static final List<Column> COLUMNS =
      List.of(
          Column.of("TABLE", row -> row.get("source")),
          Column.of("destination"),
          Column.of("operations"),
          Column.of("key"),
          Column.of("columns"),
          Column.of("except_columns"),
          Column.of("condition"),
          Column.of("fires"));

  @Option(names = "--destination", paramLabel = "NAME", description = "Only for this destination.")
  @Nullable String destination;

  @Option(names = "--table", paramLabel = "TABLE", description = "Only of this table.")
  @Nullable String table;

  @Mixin OperatorOptions operator = new OperatorOptions();

  @Override
  public Integer call() throws InterruptedException {
    return operator.run(this::show);
  }

  private int show(Session session) throws SQLException {
    List<Row> rows = new Overview(session).captures(destination, table);
    if (operator.json) {
      new JsonPrinter(operator.out()).print(Row.of("captures", rows));
    } else if (rows.isEmpty()) {
      operator.out().println("no table is captured" + (isChosen() ? " that matches" : ""));
      operator.out().flush();
    } else {
      new TablePrinter(operator.out(), COLUMNS).print(rows);
    }
    return ExitCode.OK;
  }

  private boolean isChosen() {
    return destination != null || table != null;
  }
}
