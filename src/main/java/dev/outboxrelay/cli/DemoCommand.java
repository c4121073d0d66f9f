// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.demo.Demo;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "demo",
    description = {
      "Shows everything on a PostgreSQL of its own, within 20 seconds.",
      "Exit code 0: everything that was committed arrived; 9: something is missing."
    })
final class DemoCommand implements Callable<Integer> {
  private static final Duration STOP_BOUND = Duration.ofSeconds(8);

  @Option(
      names = "--keep",
      defaultValue = "false",
      description = "Leaves everything running, and shows what to try; Ctrl-C ends it.")
  boolean keep;

  @Option(names = "--help", usageHelp = true, description = "Shows this.")
  boolean help;

  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    PostgresBinaries.require("demo");
    // The story tells what happens; the log would tell it again between its lines.
    LogLevel.ERROR.apply();
    PrintWriter out = spec.commandLine().getOut();
    if (!keep) {
      return Demo.show(out) ? ExitCode.OK : ExitCode.FINDINGS;
    }
    try (StopSignal stop = StopSignal.listen(STOP_BOUND)) {
      // The server is to be stopped, its files are to be deleted.
      stop.hold();
      return Demo.showAndKeep(out, stop::await) ? ExitCode.OK : ExitCode.FINDINGS;
    }
  }
}
