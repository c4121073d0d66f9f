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
    name = "hold-key",
    description = {
      "Holds the messages of one key until release-key; other keys go on.",
      "They keep their places. What is in flight is answered first."
    },
    footerHeading = Exits.EXAMPLES,
    footer = {
      "  outbox-relay hold-key shop 17 --table public.orders --reason 'wrong price'",
      "  outbox-relay hold-key shop 17"
    },
    exitCodeListHeading = Exits.HEADING,
    exitCodeList = {
      "0:Done; also where it was so already.",
      Exits.USAGE,
      Exits.SCHEMA,
      Exits.UNREACHABLE,
      Exits.REFUSED
    })
@WithoutVariables
final class HoldKeyCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "NAME", description = "The destination.")
  String name = "";

  @Parameters(index = "1", paramLabel = "KEY", description = "The key, as messages show it.")
  String key = "";

  @Option(
      names = "--table",
      paramLabel = "TABLE",
      description = "Of this table; without it of outbox.publish.")
  @Nullable String table;

  @Option(names = "--reason", paramLabel = "TEXT", description = "Shown by explain.")
  @Nullable String reason;

  @Mixin OperatorOptions operator = new OperatorOptions();

  @Override
  public Integer call() throws InterruptedException {
    return operator.run(
        session -> {
          operator.requireDestination(session, name);
          Keys keys = new Keys(session);
          boolean changed = keys.hold(name, key, table, reason);
          operator.answer(
              Row.of("name", name, "changed", changed, "held", keys.held(name)),
              name
                  + ": key "
                  + key
                  + (changed ? " is held; its messages stay owed" : " was held already"));
          return ExitCode.OK;
        });
  }
}
