// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.Action;
import dev.outboxrelay.operate.MessageName;
import dev.outboxrelay.operate.Repair;
import dev.outboxrelay.operate.Repair.Outcome;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.operate.Selection;
import dev.outboxrelay.operate.Session;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** What {@code requeue} and {@code discard} have in common. */
@WithoutVariables
final class RepairOptions {
  private static final Duration STOP_BOUND = Duration.ofSeconds(30);

  @Parameters(
      arity = "0..*",
      paramLabel = "ID",
      description = {
        "Messages: by number, or as receivers and the log say it,",
        "1042-hoe22fla2o. Instead of the flags that choose."
      })
  List<String> ids = List.of();

  @Mixin SelectionOptions which = new SelectionOptions();

  @Option(names = "--all", description = "Everything that was set aside, of all destinations.")
  boolean all;

  @Option(names = "--dry-run", description = "Only tells how many match.")
  boolean dryRun;

  @Mixin OperatorOptions operator = new OperatorOptions();

  /** A message's name, or one line that says what is wrong with it. */
  static MessageName name(String id) {
    try {
      return MessageName.of(id);
    } catch (IllegalArgumentException e) {
      throw new UserError(ExitCode.USAGE, String.valueOf(e.getMessage()));
    }
  }

  int run(Action action) throws InterruptedException {
    boolean chosen = !which.isEmpty();
    if (!ids.isEmpty() && (chosen || all || dryRun)) {
      throw new UserError(
          ExitCode.USAGE, "both ids and flags that choose are given: give one or the other");
    }
    if (chosen && all) {
      throw new UserError(
          ExitCode.USAGE, "--all and flags that choose are given: give one or the other");
    }
    if (ids.isEmpty() && !chosen && !all) {
      throw new UserError(
          ExitCode.USAGE,
          "which messages? Name ids, or choose by --destination, --table, --key, --since, --until"
              + " or --error; --all for everything that was set aside");
    }
    List<MessageName> names = ids.stream().map(RepairOptions::name).toList();
    return operator.run(
        session -> {
          Repair repair = new Repair(session, action);
          if (!names.isEmpty()) {
            return byName(repair, action, names);
          }
          Selection selection = which.selection(session);
          return dryRun ? count(repair, action, selection) : matching(session, action, selection);
        });
  }

  private int byName(Repair repair, Action action, List<MessageName> names) throws SQLException {
    List<String> done = repair.named(names);
    List<String> not = new ArrayList<>(names.stream().map(MessageName::text).toList());
    done.forEach(not::remove);
    List<String> words = new ArrayList<>();
    if (!done.isEmpty()) {
      words.add(action.past() + " " + String.join(", ", done));
    }
    if (!not.isEmpty()) {
      words.add(
          "not "
              + action.past()
              + ", for there is none in a state for it: "
              + String.join(", ", not));
    }
    operator.answer(
        Row.of(action.past(), done.size(), "ids", done, "not_found", not),
        String.join(System.lineSeparator(), words));
    return not.isEmpty() ? ExitCode.OK : ExitCode.FINDINGS;
  }

  private int count(Repair repair, Action action, Selection selection) throws SQLException {
    long matching = repair.count(selection);
    operator.answer(
        Row.of("matching", matching, action.past(), 0, "complete", false),
        matching == 0
            ? "nothing matches: nothing would be " + action.past()
            : matching + " would be " + action.past());
    return ExitCode.OK;
  }

  private int matching(Session session, Action action, Selection selection) throws SQLException {
    ProgressLine line = new ProgressLine(operator::tell);
    try (StopSignal stop = StopSignal.listen(STOP_BOUND)) {
      // What is under way is finished, and what was done is told.
      if (!stop.hold()) {
        return ExitCode.FINDINGS;
      }
      stop.endWith(ExitCode.FINDINGS);
      Outcome outcome =
          new Repair(session, action)
              .all(
                  selection,
                  (looked, done, matching) -> {
                    line.at(action.past(), done, looked, matching);
                    return !stop.isAsked();
                  });
      operator.answer(
          Row.of(
              "matching",
              outcome.matching(),
              action.past(),
              outcome.done(),
              "complete",
              outcome.complete()),
          words(action, outcome));
      return outcome.complete() ? ExitCode.OK : ExitCode.FINDINGS;
    }
  }

  private static String words(Action action, Outcome outcome) {
    if (outcome.matching() == 0) {
      return "nothing matches: nothing was " + action.past();
    }
    String many = outcome.done() + " of " + outcome.matching() + " " + action.past();
    if (!outcome.complete()) {
      return "stopped: " + many + "; the same command again goes on";
    }
    return outcome.done() == outcome.matching()
        ? outcome.done() + " " + action.past()
        : many + "; the others were settled by somebody else meanwhile";
  }
}
