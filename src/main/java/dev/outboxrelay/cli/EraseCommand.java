// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.Keys;
import dev.outboxrelay.operate.Row;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "erase",
    description = {
      "Erases what is kept or set aside of one key, of all destinations, for good.",
      "What is still owed stays: call it again once that is delivered."
    },
    footerHeading = Exits.EXAMPLES,
    footer = {
      "  outbox-relay erase 17 --table public.orders",
      "  outbox-relay erase 17 --published"
    },
    exitCodeListHeading = Exits.HEADING,
    exitCodeList = {
      "0:Done; also where there was nothing.",
      Exits.USAGE,
      Exits.SCHEMA,
      Exits.UNREACHABLE,
      Exits.REFUSED
    })
@WithoutVariables
final class EraseCommand implements Callable<Integer> {
  @Parameters(paramLabel = "KEY", description = "The key, as messages show it.")
  String key = "";

  @Option(names = "--table", paramLabel = "TABLE", description = "Of this table.")
  @Nullable String table;

  @Option(names = "--published", description = "Of outbox.publish.")
  boolean published;

  @Mixin OperatorOptions operator = new OperatorOptions();

  @Override
  public Integer call() throws InterruptedException {
    if (table != null == published) {
      throw new UserError(
          ExitCode.USAGE,
          published
              ? "--published and --table are given: give one or the other"
              : "of which table? Give --table, or --published for messages of outbox.publish");
    }
    return operator.run(
        session -> {
          long messages = new Keys(session).erase(table, key);
          operator.answer(
              Row.of("key", key, "messages", messages),
              messages == 0
                  ? "nothing of key " + key + " is kept or set aside: nothing was erased"
                  : "messages of key " + key + " erased: " + messages);
          return ExitCode.OK;
        });
  }
}
