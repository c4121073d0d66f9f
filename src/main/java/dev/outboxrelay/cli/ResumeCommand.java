// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

@Command(
    name = "resume",
    description = "Goes on sending to destinations that were paused.",
    footerHeading = Exits.EXAMPLES,
    footer = {"  outbox-relay resume shop", "  outbox-relay resume --all"},
    exitCodeListHeading = Exits.HEADING,
    exitCodeList = {
      "0:Done; also where it was so already.",
      Exits.USAGE,
      Exits.SCHEMA,
      Exits.UNREACHABLE,
      Exits.REFUSED
    })
@WithoutVariables
final class ResumeCommand implements Callable<Integer> {
  @Mixin PauseOptions options = new PauseOptions();

  @Override
  public Integer call() throws InterruptedException {
    return options.run(false);
  }
}
