// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.JsonPrinter;
import dev.outboxrelay.operate.MessageName;
import dev.outboxrelay.operate.Overview;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.operate.Session;
import dev.outboxrelay.operate.TablePrinter;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "explain",
    description = {
      "Says why a message waits, or what became of it: a block for each reason, the outermost first."
    },
    footerHeading = Exits.EXAMPLES,
    footer = {
      "  outbox-relay explain 1042",
      "  outbox-relay explain 1042-hoe22fla2o --json | jq -r '.reasons[].reason'"
    },
    exitCodeListHeading = Exits.HEADING,
    exitCodeList = {
      Exits.OK,
      Exits.USAGE,
      Exits.SCHEMA,
      Exits.UNREACHABLE,
      Exits.REFUSED,
      "9:There is no such message: it was delivered, discarded, or never was."
    })
@WithoutVariables
final class ExplainCommand implements Callable<Integer> {
  @Parameters(
      paramLabel = "ID",
      description = "A number, or as receivers and the log say it: 1042-hoe22fla2o.")
  String id = "";

  @Mixin OperatorOptions operator = new OperatorOptions();

  @Override
  public Integer call() throws InterruptedException {
    MessageName name = RepairOptions.name(id);
    return operator.run(session -> explain(session, name));
  }

  private int explain(Session session, MessageName name) throws SQLException {
    List<Row> reasons = new Overview(session).explain(name);
    if (operator.json) {
      new JsonPrinter(operator.out()).print(Row.of("id", name.text(), "reasons", reasons));
    } else {
      for (Row reason : reasons) {
        if (reason != reasons.get(0)) {
          operator.out().println();
        }
        TablePrinter.printOne(operator.out(), reason);
      }
    }
    boolean unknown = reasons.stream().anyMatch(row -> "unknown".equals(row.text("reason")));
    return unknown ? ExitCode.FINDINGS : ExitCode.OK;
  }
}
