// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.amqp;

import com.rabbitmq.client.ConnectionFactory;
import com.rabbitmq.client.impl.FrameHandlerFactory;
import com.rabbitmq.client.impl.SocketFrameHandler;
import dev.outboxrelay.sink.broker.BrokerTls;
import dev.outboxrelay.sink.broker.Reach;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.Socket;
import java.time.Duration;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/** Makes connections over sockets of the relay's own: to the one address that was allowed. */
final class GuardedFactory extends ConnectionFactory {
  /** Nothing is consumed, so what a broker sends is small. */
  private static final int MAX_INBOUND_BYTES = 64 << 20;

  private final Reach reach;
  private final @Nullable SSLSocketFactory tls;
  private final String serverName;
  private final int timeoutMillis;

  GuardedFactory(Reach reach, @Nullable SSLSocketFactory tls, String serverName, Duration timeout) {
    this.reach = reach;
    this.tls = tls;
    this.serverName = serverName;
    this.timeoutMillis = (int) Math.min(Integer.MAX_VALUE, Math.max(1, timeout.toMillis()));
    setConnectionTimeout(timeoutMillis);
    setHandshakeTimeout(timeoutMillis);
    setChannelRpcTimeout(timeoutMillis);
  }

  @Override
  protected synchronized FrameHandlerFactory createFrameHandlerFactory() {
    return (address, name) -> new SocketFrameHandler(socket(), null, MAX_INBOUND_BYTES);
  }

  private Socket socket() throws IOException {
    // Whatever proxy the environment names is not to be used.
    Socket plain = new Socket(Proxy.NO_PROXY);
    try {
      plain.setTcpNoDelay(true);
      plain.connect(new InetSocketAddress(reach.address(), reach.endpoint().port()), timeoutMillis);
      if (tls == null) {
        return plain;
      }
      plain.setSoTimeout(timeoutMillis);
      SSLSocket secured = BrokerTls.over(plain, tls, serverName, reach.endpoint().port());
      secured.startHandshake();
      return secured;
    } catch (IOException | RuntimeException e) {
      plain.close();
      throw e;
    }
  }
}
