// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.FailedMessages;
import dev.outboxrelay.operate.JsonPrinter;
import dev.outboxrelay.operate.MessageName;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.operate.Selection;
import dev.outboxrelay.operate.Session;
import dev.outboxrelay.operate.TablePrinter;
import dev.outboxrelay.operate.TablePrinter.Column;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "failed",
    description = "Shows messages that were set aside, and why.",
    subcommands = {FailedCommand.ListFailed.class, FailedCommand.ShowFailed.class})
@WithoutVariables
final class FailedCommand implements Runnable {
  @Option(names = "--help", usageHelp = true, description = "Shows this.")
  boolean help;

  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "which command? list or show");
  }

  /** Where a message comes from: a table, or the type that its publisher gave. */
  static @Nullable Object source(Row row) {
    Object table = row.get("source_table");
    return table == null ? row.get("type") : row.text("source_schema") + "." + table;
  }

  @Command(
      name = "list",
      description = {
        "Lists messages that were set aside, of each destination the oldest first.",
        "Without their rows: 'outbox-relay failed show ID' shows these."
      },
      footerHeading = Exits.EXAMPLES,
      footer = {
        "  outbox-relay failed list --since 12h",
        "  outbox-relay failed list --destination shop --error 'no such customer'",
        "  outbox-relay failed list --limit 0 --json | jq -r .id"
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
  static final class ListFailed implements Callable<Integer> {
    private static final List<Column> COLUMNS =
        List.of(
            Column.of("id"),
            Column.of("destination"),
            Column.of("WRITTEN", row -> row.get("created_at")),
            Column.of("op"),
            Column.of("TABLE", FailedCommand::source),
            Column.of("key"),
            Column.of("FAILED", row -> row.get("failed_at")),
            Column.number("attempts"),
            Column.number("requeued"),
            Column.of("last_error"));

    @Mixin SelectionOptions which = new SelectionOptions();

    @Option(
        names = "--limit",
        paramLabel = "N",
        defaultValue = "100",
        description = "At most so many; 0 for all.")
    int limit;

    @Mixin OperatorOptions operator = new OperatorOptions();

    @Override
    public Integer call() throws InterruptedException {
      if (limit < 0) {
        throw new UserError(ExitCode.USAGE, "--limit is " + limit + ", need 0 or more");
      }
      return operator.run(this::list);
    }

    private int list(Session session) throws SQLException {
      Selection selection = which.selection(session);
      // One more tells that there are more.
      Long most = limit == 0 ? null : limit + 1L;
      FailedMessages failed = new FailedMessages(session);
      JsonPrinter json = new JsonPrinter(operator.out());
      TablePrinter table = new TablePrinter(operator.out(), COLUMNS);
      long[] shown = {0};
      long found =
          failed.list(
              selection,
              most,
              rows -> {
                List<Row> some =
                    limit == 0
                        ? rows
                        : rows.subList(0, (int) Math.min(rows.size(), limit - shown[0]));
                shown[0] += some.size();
                if (operator.json) {
                  json.print(some);
                } else {
                  table.print(some);
                }
              });
      if (found == 0 && !operator.json) {
        operator.out().println(which.isEmpty() ? "nothing was set aside" : "nothing matches");
        operator.out().flush();
      }
      if (found > shown[0]) {
        operator.tell("there are more than these " + limit + ": --limit 0 shows all");
      }
      return ExitCode.OK;
    }
  }

  @Command(
      name = "show",
      description = "Shows one message that was set aside: its rows, and the whole last error.",
      footerHeading = Exits.EXAMPLES,
      footer = {
        "  outbox-relay failed show 1042-hoe22fla2o",
        "  outbox-relay failed show 1042 --json | jq .new_row"
      },
      exitCodeListHeading = Exits.HEADING,
      exitCodeList = {
        Exits.OK,
        Exits.USAGE,
        Exits.SCHEMA,
        Exits.UNREACHABLE,
        Exits.REFUSED,
        "9:No message of this id is set aside."
      })
  @WithoutVariables
  static final class ShowFailed implements Callable<Integer> {
    @Parameters(
        paramLabel = "ID",
        description = "A number, or as receivers and the log say it: 1042-hoe22fla2o.")
    String id = "";

    @Mixin OperatorOptions operator = new OperatorOptions();

    @Override
    public Integer call() throws InterruptedException {
      MessageName name = RepairOptions.name(id);
      return operator.run(session -> show(new FailedMessages(session), name));
    }

    private int show(FailedMessages failed, MessageName name) throws SQLException {
      List<Row> rows = failed.show(name);
      if (rows.isEmpty()) {
        operator.tell(
            "no message "
                + name.text()
                + " is set aside: "
                + failed
                    .state(name)
                    .map(state -> "one of this number is " + state)
                    .orElse("it is delivered, discarded, or never was"));
        return ExitCode.FINDINGS;
      }
      for (Row row : rows) {
        if (operator.json) {
          new JsonPrinter(operator.out()).print(row);
        } else {
          TablePrinter.printOne(operator.out(), row);
        }
      }
      return ExitCode.OK;
    }
  }
}
