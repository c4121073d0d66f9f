// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.Cell;
import dev.outboxrelay.operate.Destinations;
import dev.outboxrelay.operate.Destinations.Change;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.operate.Session;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "set",
    description = {
      "Changes settings of a destination; a relay that runs goes by them at once.",
      "The settings are the columns of outbox.destination: see docs/reference/destinations.md.",
      "Nothing after the '=' takes a value away, as of keep_delivered."
    },
    footerHeading = Exits.EXAMPLES,
    footer = {
      "  outbox-relay destinations set shop uri=tcp://other.example.com:9000",
      "  outbox-relay destinations set shop max-in-flight=10 retry-max=10m",
      "  outbox-relay destinations set shop keep_delivered="
    },
    exitCodeListHeading = Exits.HEADING,
    exitCodeList = {
      "0:Done; also where it was so already.",
      "2:A flag, a name or a setting is wrong.",
      Exits.SCHEMA,
      Exits.UNREACHABLE,
      Exits.REFUSED
    })
@WithoutVariables
final class SetDestination implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "NAME", description = "The destination.")
  String name = "";

  @Parameters(
      index = "1..*",
      arity = "1..*",
      paramLabel = "SETTING=VALUE",
      description = "What is to be another.")
  List<String> settings = List.of();

  @Mixin OperatorOptions operator = new OperatorOptions();

  @Override
  public Integer call() throws InterruptedException {
    Map<String, @Nullable String> values = DestinationSettings.read(settings);
    return operator.run(session -> set(session, values));
  }

  private int set(Session session, Map<String, @Nullable String> values) throws SQLException {
    Destinations destinations = new Destinations(session);
    if (destinations.find(name).isEmpty()) {
      throw OperatorOptions.noDestination(name, destinations.names());
    }
    List<Change> changes = new ArrayList<>();
    SettingRefused.translate(values, () -> changes.addAll(destinations.set(name, values)));
    operator.answer(
        Row.of("name", name, "changed", changes.stream().map(SetDestination::row).toList()),
        changes.isEmpty()
            ? name + ": it was so already, nothing was changed"
            : changes.stream()
                .map(change -> name + ": " + words(change))
                .collect(Collectors.joining(System.lineSeparator())));
    return ExitCode.OK;
  }

  private static Row row(Change change) {
    return Row.of("setting", change.setting(), "before", change.before(), "after", change.after());
  }

  private static String words(Change change) {
    return change.setting()
        + " was "
        + Cell.text(change.before())
        + ", is "
        + Cell.text(change.after());
  }
}
