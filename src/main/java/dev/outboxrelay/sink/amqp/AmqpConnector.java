// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.amqp;

import com.rabbitmq.client.Address;
import com.rabbitmq.client.Connection;
import com.rabbitmq.client.PossibleAuthenticationFailureException;
import com.rabbitmq.client.ShutdownSignalException;
import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Secrets;
import dev.outboxrelay.sink.broker.BrokerClient;
import dev.outboxrelay.sink.broker.BrokerTls;
import dev.outboxrelay.sink.broker.BrokerUri;
import dev.outboxrelay.sink.broker.Reach;
import dev.outboxrelay.sink.tcp.Endpoint;
import dev.outboxrelay.sink.tcp.TlsContexts;
import dev.outboxrelay.sink.tcp.TlsFailure;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/** Connects to a broker, at an address that has been looked up and allowed just now. */
final class AmqpConnector {
  private static final TlsContexts TLS = new TlsContexts();
  private static final int HEARTBEAT_SECONDS = 15;

  private AmqpConnector() {}

  static BrokerClient connect(
      BrokerUri uri,
      AmqpOptions.Login login,
      AddressPolicy policy,
      Secrets secrets,
      Duration timeout,
      BrokerClient.Lost lost)
      throws IOException {
    String password = password(login, secrets, uri);
    SSLSocketFactory tls = uri.secure() ? TLS.javaContext(login.tls()).getSocketFactory() : null;
    List<Reach> reachable = Reach.of(uri.hosts(), policy);
    List<String> failures = new ArrayList<>();
    for (Reach reach : reachable) {
      String name = BrokerTls.name(login.tls(), reach.endpoint());
      if (tls != null) {
        BrokerTls.check(name);
      }
      GuardedFactory factory = new GuardedFactory(reach, tls, name, timeout);
      String user = login.user();
      if (user != null && password != null) {
        factory.setUsername(user);
        factory.setPassword(password);
      }
      factory.setVirtualHost(AmqpOptions.virtualHost(uri));
      factory.setRequestedHeartbeat(HEARTBEAT_SECONDS);
      // A lost connection is made anew by the relay, which then knows what is unanswered.
      factory.setAutomaticRecoveryEnabled(false);
      factory.setTopologyRecoveryEnabled(false);
      factory.setExceptionHandler(new QuietFaults());
      factory.setThreadFactory(new DefaultThreadFactory("amqp", true));
      try {
        return client(factory.newConnection(List.of(address(reach)), "outbox-relay"), lost);
      } catch (PossibleAuthenticationFailureException e) {
        throw new IOException("the broker refuses the login: " + Closing.words(e), e);
      } catch (IOException | TimeoutException | ShutdownSignalException e) {
        String words = uri.secure() ? TlsFailure.handshake(e, name) : null;
        failures.add(words == null ? Closing.words(e) : words);
      }
    }
    throw new IOException(String.join("; ", failures));
  }

  private static Address address(Reach reach) {
    return new Address(reach.address().getHostAddress(), reach.endpoint().port());
  }

  private static BrokerClient client(Connection connection, BrokerClient.Lost lost) {
    AmqpClient client = new AmqpClient(connection);
    // Told at once when it has ended already.
    connection.addShutdownListener(why -> lost.lost(Closing.words(why)));
    return client;
  }

  /** For every host that it may be sent to. */
  private static @Nullable String password(
      AmqpOptions.Login login, Secrets secrets, BrokerUri uri) {
    String name = login.password();
    String value = null;
    if (name != null) {
      for (Endpoint host : uri.hosts()) {
        value = secrets.read(name, host.host());
      }
    }
    return value;
  }
}
