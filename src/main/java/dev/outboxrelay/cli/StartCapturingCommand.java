// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.Disk;
import dev.outboxrelay.operate.Row;
import java.time.Instant;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "start-capturing",
    description = {
      "Writes messages for a destination again, after stop-capturing or its limit.",
      "What happened meanwhile was not written: backfill its tables then."
    },
    footerHeading = Exits.EXAMPLES,
    footer = {
      "  outbox-relay start-capturing shop",
      "  outbox-relay start-capturing shop && outbox-relay backfill public.orders shop"
    },
    exitCodeListHeading = Exits.HEADING,
    exitCodeList = {
      "0:Done; also where it was so already.",
      Exits.USAGE,
      Exits.SCHEMA,
      Exits.UNREACHABLE,
      "8:The database refuses, or sessions that use the queue left no moment for it."
    })
@WithoutVariables
final class StartCapturingCommand implements Callable<Integer> {
  @Parameters(paramLabel = "NAME", description = "The destination.")
  String name = "";

  @Mixin OperatorOptions operator = new OperatorOptions();

  @Override
  public Integer call() throws InterruptedException {
    return operator.run(
        session -> {
          operator.requireDestination(session, name);
          Disk disk = new Disk(session);
          @Nullable Instant missingSince = disk.stoppedSince(name);
          boolean changed = disk.start(name);
          operator.answer(
              Row.of(
                  "name",
                  name,
                  "captured",
                  true,
                  "changed",
                  changed,
                  "missing_since",
                  changed ? missingSince : null),
              changed
                  ? name + ": messages are written again; backfill its tables for what is missing"
                  : name + ": messages were written for it, nothing was changed");
          return ExitCode.OK;
        });
  }
}
