// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.Harmless;
import dev.outboxrelay.operate.JsonPrinter;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.store.Doctor;
import dev.outboxrelay.store.Doctor.Finding;
import dev.outboxrelay.store.PoolerCheck;
import java.io.PrintWriter;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
    name = "doctor",
    description = {
      "Looks for what is wrong, or will be; changes nothing.",
      "The schema, the captured tables, the destinations, the server's settings.",
      "Exit code 9: it found an error."
    },
    footerHeading = Exits.EXAMPLES,
    footer = {"  outbox-relay doctor", "  outbox-relay doctor --json | jq -r '.findings[].remedy'"},
    exitCodeListHeading = Exits.HEADING,
    exitCodeList = {
      "0:Nothing found, or warnings alone.",
      Exits.USAGE,
      Exits.SCHEMA,
      Exits.UNREACHABLE,
      Exits.REFUSED,
      "9:It found an error."
    })
@WithoutVariables
final class DoctorCommand implements Callable<Integer> {
  private static final String ERROR = "error";

  @Option(names = "--json", description = "JSON for scripts instead of text for people.")
  boolean json;

  @Mixin DatabaseOptions database = new DatabaseOptions();
  @Mixin CommonOptions common = new CommonOptions();
  @Spec CommandSpec spec = CommandSpec.create();

  private String reasonSeen = "";

  @Override
  public Integer call() throws InterruptedException {
    common.apply();
    DatabaseAccess access = database.access();
    DatabaseGate gate =
        new DatabaseGate(access, pause -> false, (reason, refused) -> reasonSeen = reason);
    List<Finding> findings;
    if (gate.pooler().orElse(PoolerCheck.Kind.NONE) == PoolerCheck.Kind.TRANSACTION) {
      // The rest would be asked through it, and fail by chance.
      findings =
          List.of(
              new Finding(
                  ERROR,
                  "transaction pooler",
                  access.location(),
                  DatabaseGate.POOLER_FINDING + "; nothing else was looked at",
                  DatabaseGate.POOLER_REMEDY));
    } else if (gate.schemaIsCurrent()) {
      findings = examine(access);
    } else {
      throw unusable(access, reasonSeen);
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      new JsonPrinter(out)
          .print(Row.of("findings", findings.stream().map(DoctorCommand::row).toList()));
    } else if (findings.isEmpty()) {
      out.println("nothing found in " + access.location());
    } else {
      findings.forEach(finding -> out.println(Harmless.text(line(finding))));
    }
    out.flush();
    boolean errors = findings.stream().anyMatch(f -> f.severity().equalsIgnoreCase(ERROR));
    return errors ? ExitCode.FINDINGS : ExitCode.OK;
  }

  private static List<Finding> examine(DatabaseAccess access) {
    try {
      return Doctor.examine(access.login());
    } catch (SQLException e) {
      throw DatabaseProblem.ofLook(e, access)
          .orElseGet(() -> unusable(access, DatabaseProblem.words(e)));
    }
  }

  private static UserError unusable(DatabaseAccess access, String reason) {
    return new UserError(
        ExitCode.UNREACHABLE, "database " + access.location() + " cannot be used: " + reason);
  }

  private static Row row(Finding finding) {
    return Row.of(
        "severity", finding.severity(),
        "check", finding.check(),
        "object", finding.object(),
        "finding", finding.finding(),
        "remedy", finding.remedy());
  }

  private static String line(Finding finding) {
    String subject =
        finding.object() == null ? finding.check() : finding.check() + ", " + finding.object();
    String remedy = finding.remedy() == null ? "" : " -> " + finding.remedy();
    return finding.severity() + ": " + subject + ": " + finding.finding() + remedy;
  }
}
