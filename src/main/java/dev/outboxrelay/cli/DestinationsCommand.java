// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "destinations",
    description = "Shows, makes, changes, removes and tries the destinations.",
    subcommands = {
      ListDestinations.class,
      AddDestination.class,
      SetDestination.class,
      RemoveDestination.class,
      TestDestination.class
    })
@WithoutVariables
final class DestinationsCommand implements Runnable {
  @Option(names = "--help", usageHelp = true, description = "Shows this.")
  boolean help;

  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public void run() {
    throw new CommandLine.ParameterException(
        spec.commandLine(), "which command? list, add, set, remove or test");
  }
}
