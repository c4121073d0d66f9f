// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "pause",
    description = "Stops sending to destinations; what is captured for them stays owed.",
    footerHeading = Exits.EXAMPLES,
    footer = {"  outbox-relay pause shop", "  outbox-relay pause --all"},
    exitCodeListHeading = Exits.HEADING,
    exitCodeList = {
      "0:Done; also where it was so already.",
      Exits.USAGE,
      Exits.SCHEMA,
      Exits.UNREACHABLE,
      Exits.REFUSED
    })
@WithoutVariables
final class PauseCommand implements Callable<Integer> {
  @Mixin PauseOptions options = new PauseOptions();

  @Override
  public Integer call() throws InterruptedException {
    return options.run(true);
  }
}
