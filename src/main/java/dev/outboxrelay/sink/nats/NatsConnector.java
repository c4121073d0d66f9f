// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.nats;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Secrets;
import dev.outboxrelay.sink.broker.BrokerClient;
import dev.outboxrelay.sink.broker.BrokerUri;
import dev.outboxrelay.sink.broker.Reach;
import dev.outboxrelay.sink.tcp.Endpoint;
import dev.outboxrelay.sink.tcp.TlsContexts;
import dev.outboxrelay.sink.tcp.TlsFailure;
import io.nats.client.AuthHandler;
import io.nats.client.AuthenticationException;
import io.nats.client.Connection;
import io.nats.client.Nats;
import io.nats.client.Options;
import java.io.IOException;
import java.net.URISyntaxException;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Connects to a NATS server, at an address that has been looked up and allowed just now. */
final class NatsConnector {
  private static final TlsContexts TLS = new TlsContexts();

  /** As many as the relay hands over in a call, several times; further ones wait. */
  private static final int MAX_QUEUED = 10_000;

  private static final Pattern BLOCK = Pattern.compile("-+BEGIN ([A-Z ]+)-+\\s+(\\S+)\\s+-+END");
  private static final Pattern SEED = Pattern.compile("SU[A-Z2-7]{56}");

  private NatsConnector() {}

  static BrokerClient connect(
      BrokerUri uri,
      NatsOptions.Login login,
      AddressPolicy policy,
      Secrets secrets,
      Duration timeout,
      BrokerClient.Lost lost)
      throws IOException, InterruptedException {
    List<Reach> reachable = Reach.of(uri.hosts(), policy);
    NatsEvents events = new NatsEvents(lost);
    Options.Builder options =
        new Options.Builder()
            .connectionName("outbox-relay")
            .connectionTimeout(timeout)
            .maxMessagesInOutgoingQueue(MAX_QUEUED)
            // A lost connection is made anew by the relay, which then knows what is unanswered.
            .noReconnect()
            .ignoreDiscoveredServers()
            .reportNoResponders()
            .callbackExecutor(new CallingThread())
            .connectionListener(events)
            .errorListener(events);
    logIn(options, uri, login, secrets);
    try {
      options.serverPool(new GivenServers(reachable));
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException("uri cannot be used: " + e.getMessage(), e);
    }
    if (uri.secure()) {
      options.sslContext(NamedTls.context(TLS.javaContext(login.tls()), login.tls(), reachable));
    }
    try {
      Connection connection = Nats.connect(options.build());
      NatsClient client = new NatsClient(connection);
      events.stands(connection);
      return client;
    } catch (AuthenticationException e) {
      throw new IOException("the broker refuses the login: " + e.getMessage(), e);
    } catch (IOException e) {
      throw new IOException(reason(uri, login, events.problem(), e), e);
    }
  }

  private static void logIn(
      Options.Builder options, BrokerUri uri, NatsOptions.Login login, Secrets secrets) {
    String user = login.user();
    if (user != null) {
      options.userInfo(user.toCharArray(), secret(secrets, login.password(), uri).toCharArray());
    }
    if (login.token() != null) {
      options.token(secret(secrets, login.token(), uri).toCharArray());
    }
    if (login.credentials() != null) {
      String content = secret(secrets, login.credentials(), uri);
      options.authHandler(credentials(login.credentials(), content));
    }
  }

  /** As the tools of NATS write it, or its seed alone. */
  private static AuthHandler credentials(String name, String content) {
    Map<String, String> blocks = new HashMap<>();
    Matcher block = BLOCK.matcher(content);
    while (block.find()) {
      blocks.put(block.group(1), block.group(2));
    }
    String seed = blocks.getOrDefault("USER NKEY SEED", content);
    if (!SEED.matcher(seed).matches()) {
      throw new IllegalArgumentException(
          "the secret '" + name + "' is no credentials file of NATS, and no seed of a user");
    }
    String jwt = blocks.get("NATS USER JWT");
    return Nats.staticCredentials(jwt == null ? null : jwt.toCharArray(), seed.toCharArray());
  }

  /** For every host that it may be sent to. */
  private static String secret(Secrets secrets, @Nullable String name, BrokerUri uri) {
    String value = "";
    for (Endpoint host : uri.hosts()) {
      value = secrets.read(String.valueOf(name), host.host());
    }
    return value;
  }

  private static String reason(
      BrokerUri uri, NatsOptions.Login login, @Nullable Throwable problem, IOException e) {
    if (problem == null) {
      return String.valueOf(e.getMessage());
    }
    if (uri.secure()) {
      String name = login.tls().serverName();
      String host = name == null ? uri.hosts().get(0).host() : name;
      String words = TlsFailure.handshake(problem, host);
      if (words != null) {
        return words;
      }
    }
    String said = problem.getMessage();
    return said == null ? "no answer (" + problem.getClass().getSimpleName() + ")" : said;
  }
}
