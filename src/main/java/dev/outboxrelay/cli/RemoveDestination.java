// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.Destinations;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.operate.Session;
import java.sql.SQLException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "remove",
    description = {
      "Removes a destination, and the delivered messages that are kept of it.",
      "Refused while tables are captured for it, or messages are owed to it: it says what to do."
    },
    footerHeading = Exits.EXAMPLES,
    footer = "  outbox-relay destinations remove shop",
    exitCodeListHeading = Exits.HEADING,
    exitCodeList = {
      Exits.OK,
      Exits.USAGE,
      Exits.SCHEMA,
      Exits.UNREACHABLE,
      "8:The database refuses: the login, a right, or the destination is in use."
    })
@WithoutVariables
final class RemoveDestination implements Callable<Integer> {
  @Parameters(paramLabel = "NAME", description = "The destination.")
  String name = "";

  @Mixin OperatorOptions operator = new OperatorOptions();

  @Override
  public Integer call() throws InterruptedException {
    return operator.run(this::remove);
  }

  private int remove(Session session) throws SQLException {
    Destinations destinations = new Destinations(session);
    if (!destinations.remove(name)) {
      throw OperatorOptions.noDestination(name, destinations.names());
    }
    operator.answer(Row.of("removed", name), "removed " + name);
    return ExitCode.OK;
  }
}
