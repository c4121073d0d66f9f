// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.Disk;
import dev.outboxrelay.operate.Row;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "stop-capturing",
    description = {
      "Writes no more messages for a destination; the writes to its tables go on as before.",
      "What is owed stays owed. What happens from now on is never sent: after",
      "start-capturing, backfill the tables."
    },
    footerHeading = Exits.EXAMPLES,
    footer = {
      "  outbox-relay stop-capturing shop",
      "  outbox-relay stop-capturing shop --reason 'the disk is nearly full'"
    },
    exitCodeListHeading = Exits.HEADING,
    exitCodeList = {
      "0:Done; also where it was so already.",
      Exits.USAGE,
      Exits.SCHEMA,
      Exits.UNREACHABLE,
      "8:The database refuses, or transactions that write left no moment for it."
    })
@WithoutVariables
final class StopCapturingCommand implements Callable<Integer> {
  @Parameters(paramLabel = "NAME", description = "The destination.")
  String name = "";

  @Option(names = "--reason", paramLabel = "TEXT", description = "Shown by outbox.status.")
  @Nullable String reason;

  @Mixin OperatorOptions operator = new OperatorOptions();

  @Override
  public Integer call() throws InterruptedException {
    return operator.run(
        session -> {
          operator.requireDestination(session, name);
          Disk disk = new Disk(session);
          boolean changed = disk.stop(name, reason);
          operator.answer(
              Row.of(
                  "name",
                  name,
                  "captured",
                  false,
                  "changed",
                  changed,
                  "since",
                  disk.stoppedSince(name)),
              changed
                  ? name + ": no more messages are written; what is owed stays owed"
                  : name + ": nothing was written for it already, nothing was changed");
          return ExitCode.OK;
        });
  }
}
