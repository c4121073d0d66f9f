// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.Action;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "discard",
    description = {
      "Gives messages up for good, undelivered: by id, or all that match of those set aside.",
      "All that match: a thousand at a time, each a transaction of its own; Ctrl-C ends it",
      "after the next thousand. An id may be of any message that is owed."
    },
    footerHeading = Exits.EXAMPLES,
    footer = {
      "  outbox-relay discard 1042-hoe22fla2o",
      "  outbox-relay discard --destination shop --until 2026-11-01 --dry-run",
      "  outbox-relay discard --destination shop --until 2026-11-01"
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
final class DiscardCommand implements Callable<Integer> {
  @Mixin RepairOptions options = new RepairOptions();

  @Override
  public Integer call() throws InterruptedException {
    return options.run(Action.DISCARD);
  }
}
