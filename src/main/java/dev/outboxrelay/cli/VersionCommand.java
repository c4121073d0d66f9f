// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.JsonPrinter;
import dev.outboxrelay.operate.Row;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "version",
    description = "Shows the version of the program, and of the Java runtime that it runs on.",
    footerHeading = Exits.EXAMPLES,
    footer = {"  outbox-relay version", "  outbox-relay version --json"},
    exitCodeListHeading = Exits.HEADING,
    exitCodeList = {Exits.OK, Exits.USAGE})
@WithoutVariables
final class VersionCommand implements Callable<Integer> {
  @Option(names = "--json", description = "JSON for scripts instead of text for people.")
  boolean json;

  @Option(names = "--help", usageHelp = true, description = "Shows this.")
  boolean help;

  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    String version = Version.number();
    String java = Runtime.version().toString();
    if (json) {
      new JsonPrinter(out).print(Row.of("version", version, "java", java));
    } else {
      out.println("outbox-relay " + version + ", Java " + java);
      out.flush();
    }
    return ExitCode.OK;
  }
}
