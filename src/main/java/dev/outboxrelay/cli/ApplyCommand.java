// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.Apply;
import dev.outboxrelay.operate.Apply.Difference;
import dev.outboxrelay.operate.Cell;
import dev.outboxrelay.operate.Destinations;
import dev.outboxrelay.operate.Destinations.Change;
import dev.outboxrelay.operate.Overview;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.operate.ServerWords;
import dev.outboxrelay.operate.Session;
import dev.outboxrelay.operate.WantedCapture;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

@Command(
    name = "apply",
    description = {
      "Has destinations and captures be as a file describes them, which you keep in git.",
      "Shows first what would be another, and asks; again, it changes nothing. What the file",
      "does not name is left alone. Captures need the ownership of their tables, as in SQL."
    },
    footerHeading = Exits.EXAMPLES,
    footer = {
      "  outbox-relay apply -f outbox.yaml",
      "  outbox-relay apply -f outbox.yaml --dry-run",
      "  outbox-relay apply -f outbox.yaml --yes --json"
    },
    exitCodeListHeading = Exits.HEADING,
    exitCodeList = {
      "0:Done; also where it was so already.",
      "2:A flag is wrong, or the file is; or there is nobody to ask, and no --yes.",
      Exits.SCHEMA,
      Exits.UNREACHABLE,
      Exits.REFUSED,
      "9:With --dry-run: something would change. Else: a person said no."
    })
@WithoutVariables
final class ApplyCommand implements Callable<Integer> {
  private static final String NAMES_CLASS = "42";
  private static final String INSUFFICIENT_PRIVILEGE = "42501";

  @Option(
      names = {"-f", "--file"},
      required = true,
      paramLabel = "FILE",
      description = "The file, in YAML; - is standard input.")
  String file = "";

  @Option(names = "--dry-run", description = "Only shows what would change.")
  boolean dryRun;

  @Option(names = "--yes", description = "Does not ask.")
  boolean yes;

  @Mixin OperatorOptions operator = new OperatorOptions();

  @Override
  public Integer call() throws InterruptedException {
    if (yes && dryRun) {
      throw new UserError(ExitCode.USAGE, "--yes and --dry-run are given: give one or the other");
    }
    String text = OutboxFile.text(file);
    return operator.run(session -> apply(session, text));
  }

  private int apply(Session session, String text) throws SQLException {
    Map<String, String> settings = new Destinations(session).settings();
    Set<String> known = new LinkedHashSet<>(settings.keySet());
    known.remove("name");
    OutboxFile wanted = OutboxFile.read(file, text, known);
    Apply apply = new Apply(session);
    List<WantedCapture> captures = captures(session, apply, wanted);
    List<Difference> differences = differences(apply, wanted, captures, false);
    List<String> others = others(session, wanted, captures);
    if (!operator.json) {
      differences.forEach(each -> operator.out().println(words(each)));
      if (!others.isEmpty()) {
        operator.out().println("not in the file, left alone: " + String.join(", ", others));
      }
      operator.out().flush();
    }
    if (differences.isEmpty() || dryRun) {
      answer(differences, others, false);
      return differences.isEmpty() ? ExitCode.OK : ExitCode.FINDINGS;
    }
    if (!yes && (operator.json || !Terminal.isThere())) {
      throw new UserError(ExitCode.USAGE, "nothing was changed: give --yes, or --dry-run");
    }
    if (!yes && !isWanted()) {
      return ExitCode.FINDINGS;
    }
    answer(differences(apply, wanted, captures, true), others, true);
    return ExitCode.OK;
  }

  private boolean isWanted() {
    String answer = System.console().readLine("Do this? Type yes: ");
    boolean wanted = "yes".equals(answer);
    if (!wanted) {
      operator.tell("nothing was changed");
    }
    return wanted;
  }

  /** With the tables' whole names. */
  private List<WantedCapture> captures(Session session, Apply apply, OutboxFile wanted)
      throws SQLException {
    List<String> names = new ArrayList<>(new Destinations(session).names());
    names.addAll(wanted.destinations().keySet());
    List<WantedCapture> captures = new ArrayList<>();
    for (WantedCapture each : wanted.captures()) {
      if (!names.contains(each.destination())) {
        throw new UserError(
            ExitCode.USAGE,
            file + ": there is no destination '" + each.destination() + "' for " + each.table());
      }
      String table =
          apply
              .table(each.table())
              .orElseThrow(
                  () ->
                      new UserError(
                          ExitCode.USAGE, file + ": there is no table '" + each.table() + "'"));
      captures.add(each.of(table));
    }
    return captures;
  }

  private static List<Difference> differences(
      Apply apply, OutboxFile wanted, List<WantedCapture> captures, boolean keep)
      throws SQLException {
    List<Difference> all = new ArrayList<>();
    for (Map.Entry<String, Map<String, @Nullable String>> each : wanted.destinations().entrySet()) {
      SettingRefused.translate(
          each.getValue(),
          () -> {
            Optional<Difference> difference =
                apply.destination(each.getKey(), each.getValue(), false);
            if (keep && difference.isPresent()) {
              difference = apply.destination(each.getKey(), each.getValue(), true);
            }
            difference.ifPresent(all::add);
          });
    }
    for (WantedCapture each : captures) {
      try {
        apply
            .capture(each, wanted.destinations().getOrDefault(each.destination(), Map.of()), keep)
            .ifPresent(all::add);
      } catch (SQLException e) {
        throw problem(e, each);
      }
    }
    return all;
  }

  /** A column that there is not, for example, is the file's fault; a right that is missing not. */
  private static SQLException problem(SQLException e, WantedCapture capture) {
    ServerWords words = ServerWords.of(e);
    if (words.state().startsWith(NAMES_CLASS) && !words.state().equals(INSUFFICIENT_PRIVILEGE)) {
      throw new UserError(
          ExitCode.USAGE,
          capture.table() + " for " + capture.destination() + ": " + words.withHint());
    }
    return e;
  }

  /** What is there and not in the file. */
  private static List<String> others(
      Session session, OutboxFile wanted, List<WantedCapture> captures) throws SQLException {
    List<String> others = new ArrayList<>();
    for (String name : new Destinations(session).names()) {
      if (!wanted.destinations().containsKey(name)) {
        others.add("destination " + name);
      }
    }
    Set<String> named =
        captures.stream()
            .map(c -> c.table() + " for " + c.destination())
            .collect(Collectors.toSet());
    for (Row row : new Overview(session).captures(null, null)) {
      String name = row.text("source") + " for " + row.text("destination");
      if (!named.contains(name)) {
        others.add("capture " + name);
      }
    }
    return others;
  }

  private void answer(List<Difference> differences, List<String> others, boolean applied) {
    operator.answer(
        Row.of(
            "changes",
            differences.stream().map(ApplyCommand::row).toList(),
            "left_alone",
            others,
            "applied",
            applied),
        differences.isEmpty()
            ? "it is so already: nothing was changed"
            : applied
                ? differences.size() + " done"
                : differences.size() + " would change: nothing was changed");
  }

  private static Row row(Difference difference) {
    return Row.of(
        "kind",
        difference.kind(),
        "object",
        difference.object(),
        "new",
        difference.isNew(),
        "settings",
        difference.changes().stream()
            .map(c -> Row.of("setting", c.setting(), "before", c.before(), "after", c.after()))
            .toList());
  }

  private static String words(Difference difference) {
    String settings =
        difference.changes().stream()
            .map(change -> words(change, difference.isNew()))
            .collect(Collectors.joining(System.lineSeparator()));
    return (difference.isNew() ? "+ " : "~ ")
        + difference.kind()
        + " "
        + difference.object()
        + (settings.isEmpty() ? "" : System.lineSeparator() + settings);
  }

  private static String words(Change change, boolean isNew) {
    return isNew
        ? "    " + change.setting() + ": " + Cell.text(change.after())
        : "    "
            + change.setting()
            + " was "
            + Cell.text(change.before())
            + ", is "
            + Cell.text(change.after());
  }
}
