// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.Action;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "requeue",
    description = {
      "Sends messages again that were set aside: by id, or all that match.",
      "All that match: a thousand at a time, each a transaction of its own; Ctrl-C ends it",
      "after the next thousand. An id may also be of a message that waits for its retry, or is kept."
    },
    footerHeading = Exits.EXAMPLES,
    footer = {
      "  outbox-relay requeue 1042-hoe22fla2o",
      "  outbox-relay requeue --destination shop --error 'no such customer' --dry-run",
      "  outbox-relay requeue --table public.orders --since 2026-11-22T12:00:00Z",
      "  outbox-relay requeue --all --json"
    },
    exitCodeListHeading = Exits.HEADING,
    exitCodeList = {
      "0:Done; also where nothing matches.",
      Exits.USAGE,
      Exits.SCHEMA,
      Exits.UNREACHABLE,
      Exits.REFUSED,
      "9:An id was not found, or it was stopped before the end."
    })
@WithoutVariables
final class RequeueCommand implements Callable<Integer> {
  @Mixin RepairOptions options = new RepairOptions();

  @Override
  public Integer call() throws InterruptedException {
    return options.run(Action.REQUEUE);
  }
}
