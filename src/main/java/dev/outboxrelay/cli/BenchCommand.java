// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.bench.Bench;
import dev.outboxrelay.bench.BenchOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "bench",
    description = {
      "Measures the relay on this machine, each scenario beside a baseline.",
      "Without --database-url on a PostgreSQL of its own; with it in databases outbox_relay_bench...,",
      "which it makes and drops, on the server that is named. Exit code 9: a figure was missed, or a",
      "scenario failed."
    })
final class BenchCommand implements Callable<Integer> {
  @Option(
      names = "--scenario",
      paramLabel = "NAME",
      split = ",",
      description = "Only these, by commas; docs/internals/benchmarks.md describes them.")
  List<String> scenarios = List.of();

  @Option(
      names = "--runs",
      paramLabel = "N",
      defaultValue = "5",
      description = "How often each figure is taken.")
  int runs;

  @Option(
      names = "--quick",
      defaultValue = "false",
      description =
          "Small sizes, to see that everything works: figures mean nothing, none is missed.")
  boolean quick;

  @Option(
      names = "--transport",
      paramLabel = "URI",
      description =
          "What the scenario transports measures besides TCP; options as JSON after a blank. Often.")
  List<String> transports = List.of();

  @Option(
      names = "--java-options",
      paramLabel = "OPTIONS",
      description =
          "Options of Java that the scenarios cold and busy measure besides, as one text. Often.")
  List<String> java = List.of();

  @Option(
      names = "--output",
      paramLabel = "DIRECTORY",
      defaultValue = "bench-report",
      description = "Gets the table, the figures as JSON, the plots and the relay's logs.")
  Path output = Path.of("");

  @Mixin DatabaseOptions database = new DatabaseOptions();
  @Mixin CommonOptions common = new CommonOptions();

  @Spec CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws Exception {
    common.apply();
    DatabaseAccess access = database.url == null ? null : database.access();
    if (access == null) {
      PostgresBinaries.require("bench without --database-url");
    }
    BenchOptions options = options(access);
    makeOutput();
    boolean met;
    try {
      met = Bench.run(options, spec.commandLine().getErr(), spec.commandLine().getOut());
    } catch (SQLException e) {
      if (access == null) {
        throw e;
      }
      throw DatabaseProblem.ofFirstLogin(e, access).orElseGet(() -> unreachable(e, access));
    }
    return met ? ExitCode.OK : ExitCode.FINDINGS;
  }

  private BenchOptions options(@Nullable DatabaseAccess access) {
    BenchOptions.Server server =
        access == null
            ? null
            : new BenchOptions.Server(access.url(), access.user(), password(access));
    try {
      Bench.requireKnown(scenarios);
      return new BenchOptions(server, scenarios, runs, quick, transports, java, output);
    } catch (IllegalArgumentException e) {
      throw new UserError(ExitCode.USAGE, String.valueOf(e.getMessage()));
    }
  }

  private static String password(DatabaseAccess access) {
    try {
      return access.password().read();
    } catch (SQLException e) {
      throw new UserError(ExitCode.USAGE, String.valueOf(e.getMessage()));
    }
  }

  /** Before anything is measured, rather than after. */
  private void makeOutput() {
    try {
      Files.createDirectories(output);
      Files.delete(Files.createTempFile(output, "bench", ".try"));
    } catch (IOException e) {
      throw new UserError(
          ExitCode.USAGE,
          "--output: "
              + output
              + " cannot be written ("
              + e.getClass().getSimpleName()
              + "): name a directory in which this user may make files");
    }
  }

  private static UserError unreachable(SQLException problem, DatabaseAccess access) {
    return new UserError(
        ExitCode.UNREACHABLE,
        "database " + access.location() + " cannot be used: " + DatabaseProblem.words(problem));
  }
}
