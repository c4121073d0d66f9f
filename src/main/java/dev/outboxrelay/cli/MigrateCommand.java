// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.values.Durations;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "migrate",
    description = {
      "Makes or updates the schema outbox.",
      "Run it as the database's owner, or a superuser. The Flyway command line with flyway.toml",
      "does the same; after either, the other finds nothing to do."
    })
final class MigrateCommand implements Callable<Integer> {
  @Option(
      names = "--wait",
      paramLabel = "DURATION",
      defaultValue = "30s",
      description = "How long to wait for a database that is not there yet.")
  Duration wait = Duration.ZERO;

  @Mixin DatabaseOptions database = new DatabaseOptions();
  @Mixin CommonOptions common = new CommonOptions();

  @Spec CommandSpec spec = CommandSpec.create();

  private String reasonSeen = "";

  @Override
  public Integer call() throws InterruptedException {
    common.apply();
    DatabaseAccess access = database.access();
    long deadline = System.nanoTime() + wait.toNanos();
    DatabaseGate gate =
        new DatabaseGate(
            access,
            pause -> {
              long left = deadline - System.nanoTime();
              TimeUnit.NANOSECONDS.sleep(Math.min(pause.toNanos(), Math.max(0, left)));
              return left > 0;
            },
            (reason, refused) -> reasonSeen = reason);
    Optional<List<String>> applied = gate.migrate();
    if (applied.isEmpty()) {
      throw new UserError(
          ExitCode.UNREACHABLE,
          "database "
              + access.location()
              + " could not be used within "
              + Durations.text(wait)
              + ": "
              + reasonSeen
              + "; wait longer with --wait");
    }
    PrintWriter out = spec.commandLine().getOut();
    applied.get().forEach(line -> out.println("applied " + line));
    out.println(
        applied.get().isEmpty()
            ? "nothing to do: the schema outbox in " + access.location() + " is up to date"
            : "the schema outbox in " + access.location() + " is up to date");
    out.flush();
    return ExitCode.OK;
  }
}
