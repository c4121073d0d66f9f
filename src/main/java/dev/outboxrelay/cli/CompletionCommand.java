// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "completion",
    description = {
      "Prints a script by which bash or zsh completes commands and flags.",
      "It serves a command that is called outbox-relay: see bin/outbox-relay."
    },
    footerHeading = Exits.EXAMPLES,
    footer = {
      "  source <(outbox-relay completion)",
      "  outbox-relay completion > /etc/bash_completion.d/outbox-relay"
    },
    exitCodeListHeading = Exits.HEADING,
    exitCodeList = {Exits.OK, Exits.USAGE})
final class CompletionCommand implements Callable<Integer> {
  @Option(names = "--help", usageHelp = true, description = "Shows this.")
  boolean help;

  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    out.print(AutoComplete.bash("outbox-relay", spec.root().commandLine()));
    out.flush();
    return ExitCode.OK;
  }
}
