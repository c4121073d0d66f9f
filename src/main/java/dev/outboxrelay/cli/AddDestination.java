// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.Destinations;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.operate.Session;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

@Command(
    name = "add",
    description = {
      "Makes a destination; a relay that runs takes it up at once.",
      "The settings are the columns of outbox.destination: see docs/reference/destinations.md."
    },
    footerHeading = Exits.EXAMPLES,
    footer = {
      "  outbox-relay destinations add shop tcp://receiver.example.com:9000",
      "  outbox-relay destinations add shop tls://receiver.example.com:9443 \\",
      "      max_attempts=20 keep_delivered=2d 'options={\"tls_ca\":\"/etc/ca.pem\"}'"
    },
    exitCodeListHeading = Exits.HEADING,
    exitCodeList = {
      Exits.OK,
      "2:A flag, a name or a setting is wrong, or there is one of this name.",
      Exits.SCHEMA,
      Exits.UNREACHABLE,
      Exits.REFUSED
    })
@WithoutVariables
final class AddDestination implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "NAME", description = "Letters, digits, '_', '.', '-'.")
  String name = "";

  @Parameters(
      index = "1",
      paramLabel = "URI",
      description = "Where the receiver listens, such as tcp://host:port or tls://host:port.")
  String uri = "";

  @Parameters(
      index = "2..*",
      arity = "0..*",
      paramLabel = "SETTING=VALUE",
      description = "Settings that are not to be the default.")
  List<String> settings = List.of();

  @Mixin OperatorOptions operator = new OperatorOptions();

  @Override
  public Integer call() throws InterruptedException {
    Map<String, @Nullable String> values = new LinkedHashMap<>();
    values.put("name", name);
    values.put("uri", uri);
    DestinationSettings.read(settings)
        .forEach(
            (setting, value) -> {
              if (values.put(setting, value) != null) {
                throw new UserError(
                    ExitCode.USAGE, "'" + setting + "' is given twice: give it once");
              }
            });
    return operator.run(session -> add(session, values));
  }

  private int add(Session session, Map<String, @Nullable String> values) throws SQLException {
    Destinations destinations = new Destinations(session);
    if (destinations.find(name).isPresent()) {
      throw new UserError(
          ExitCode.USAGE,
          "there is a destination '" + name + "': change it with outbox-relay destinations set");
    }
    SettingRefused.translate(values, () -> destinations.add(values));
    Optional<Row> made = destinations.find(name);
    operator.answer(
        made.orElse(Row.of("name", name)),
        "made " + name + ", " + uri + "; capture tables for it: select outbox.capture(...)");
    return ExitCode.OK;
  }
}
