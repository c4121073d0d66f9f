// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.Cell;
import dev.outboxrelay.operate.Destinations;
import dev.outboxrelay.operate.Harmless;
import dev.outboxrelay.operate.Probe;
import dev.outboxrelay.operate.Probe.Outcome;
import dev.outboxrelay.operate.Row;
import dev.outboxrelay.operate.Session;
import dev.outboxrelay.sink.Secrets;
import dev.outboxrelay.sink.SecretsDir;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "test",
    description = {
      "Sends one probe to a destination, and tells what came back.",
      "From this machine, which may reach other addresses than the relay's. The receiver gets one",
      "message that is in no table: op 'message', type 'outbox_probe', an id that begins with 0-,",
      "the new row {\"probe\":\"outbox-relay\"}. With --connect-only it gets nothing."
    },
    footerHeading = Exits.EXAMPLES,
    footer = {
      "  outbox-relay destinations test shop",
      "  outbox-relay destinations test shop --connect-only"
    },
    exitCodeListHeading = Exits.HEADING,
    exitCodeList = {
      "0:Acknowledged; with --connect-only connected; with ack 'none' sent.",
      Exits.USAGE,
      Exits.SCHEMA,
      Exits.UNREACHABLE,
      Exits.REFUSED,
      "9:No connection, no answer, or a refusal."
    })
@WithoutVariables
final class TestDestination implements Callable<Integer> {
  @Parameters(paramLabel = "NAME", description = "The destination.")
  String name = "";

  @Option(
      names = "--connect-only",
      description = "Connects, with TLS where it is asked for, and sends nothing.")
  boolean connectOnly;

  @Option(
      names = RelayOptions.SECRETS_DIR,
      paramLabel = "DIR",
      description = "Files with the secrets that the destination's options name.")
  @Nullable Path secretsDir;

  @Mixin OperatorOptions operator = new OperatorOptions();

  @Override
  public Integer call() throws InterruptedException {
    return operator.run(this::test);
  }

  private int test(Session session) throws SQLException, InterruptedException {
    Destinations destinations = new Destinations(session);
    Optional<Row> row = destinations.find(name);
    if (row.isEmpty()) {
      throw OperatorOptions.noDestination(name, destinations.names());
    }
    Outcome outcome = new Probe(session, secrets()).send(row.get(), connectOnly);
    String uri = row.get().text("uri");
    operator.answer(
        Row.of(
            "name", name,
            "uri", uri,
            "result", outcome.result().name().toLowerCase(Locale.ROOT),
            "words", outcome.words(),
            "id", outcome.id(),
            "connected", outcome.connected(),
            "answered", outcome.answered()),
        name + ", " + uri + ": " + words(outcome));
    return outcome.isGood() ? ExitCode.OK : ExitCode.FINDINGS;
  }

  private Secrets secrets() {
    if (secretsDir == null) {
      return Secrets.NONE;
    }
    try {
      return new SecretsDir(secretsDir);
    } catch (IllegalArgumentException e) {
      throw new UserError(ExitCode.USAGE, RelayOptions.SECRETS_DIR + ": " + e.getMessage());
    }
  }

  private static String words(Outcome outcome) {
    String said = Harmless.text(outcome.words());
    String connected = "connected in " + Cell.text(outcome.connected());
    String answered = Cell.text(outcome.answered());
    return switch (outcome.result()) {
      case UNREACHABLE -> "not connected: " + said;
      case CONNECTED -> connected + ", nothing sent";
      case SENT -> connected + ", sent; this destination never answers";
      case ACKNOWLEDGED -> connected + ", " + outcome.id() + " acknowledged in " + answered;
      case REFUSED -> connected + ", " + outcome.id() + " refused in " + answered + ": " + said;
      case NO_ANSWER -> connected + ", no answer to " + outcome.id() + " within ack_timeout";
      case CLOSED -> connected + ", ended without an answer to " + outcome.id() + ": " + said;
    };
  }
}
