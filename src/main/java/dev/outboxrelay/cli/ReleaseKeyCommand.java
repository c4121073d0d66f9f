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
    name = "release-key",
    description = "Lets the messages of a key go that hold-key holds, in their order.",
    footerHeading = Exits.EXAMPLES,
    footer = {
      "  outbox-relay release-key shop 17",
      "  outbox-relay release-key shop 17 --table public.orders"
    },
    exitCodeListHeading = Exits.HEADING,
    exitCodeList = {
      "0:Done; also where it was not held.",
      Exits.USAGE,
      Exits.SCHEMA,
      Exits.UNREACHABLE,
      Exits.REFUSED
    })
@WithoutVariables
final class ReleaseKeyCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "NAME", description = "The destination.")
  String name = "";

  @Parameters(index = "1", paramLabel = "KEY", description = "The key.")
  String key = "";

  @Option(
      names = "--table",
      paramLabel = "TABLE",
      description = "Only of this table; without it whatever they are of.")
  @Nullable String table;

  @Mixin OperatorOptions operator = new OperatorOptions();

  @Override
  public Integer call() throws InterruptedException {
    return operator.run(
        session -> {
          operator.requireDestination(session, name);
          Keys keys = new Keys(session);
          boolean changed = keys.release(name, key, table);
          operator.answer(
              Row.of("name", name, "changed", changed, "held", keys.held(name)),
              name
                  + ": key "
                  + key
                  + (changed ? " is let go" : " was not held: nothing was changed"));
          return ExitCode.OK;
        });
  }
}
