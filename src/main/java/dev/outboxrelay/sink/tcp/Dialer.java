package dev.outboxrelay.sink.tcp;

import dev.outboxrelay.sink.AddressPolicy;
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import io.netty.handler.ssl.SslContext;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;

/**
 * Makes connections: resolves the host's name anew each time, asks the policy about what it stands
 * for now, and tries one address after the other. What may block (names, TLS files) runs on an
 * executor of its own.
 */
final class Dialer {

  private static final int MAX_ADDRESSES = 16;

  private final AddressPolicy policy;
  private final Resolver resolver;
  private final Executor blocking;
  private final TlsContexts contexts = new TlsContexts();

  Dialer(AddressPolicy policy, Resolver resolver, Executor blocking) {
    this.policy = policy;
    this.resolver = resolver;
    this.blocking = blocking;
  }

  /** Looks up a name; {@link InetAddress#getAllByName} but in tests. */
  interface Resolver {
    InetAddress[] resolve(String host) throws UnknownHostException;
  }

  /** Hears how it went; called on the event loop, once. */
  interface Outcome {
    /**
     * The connection stands, TLS included; nothing has been read from it.
     *
     * @param roundTripNanos how long the other side took to take the connection
     */
    void stood(Channel channel, long roundTripNanos);

    /** No address could be reached. */
    void failed(String reason);
  }

  void dial(Route route, EventLoop loop, Outcome outcome) {
    boolean literal = NetUtil.createByteArrayFromIpAddressString(route.endpoint().host()) != null;
    if (literal && !route.endpoint().secure()) {
      prepare(route, loop, outcome);
    } else {
      blocking.execute(() -> prepare(route, loop, outcome));
    }
  }

  private void prepare(Route route, EventLoop loop, Outcome outcome) {
    try {
      SslContext tls = route.endpoint().secure() ? contexts.of(route.tls()) : null;
      List<InetAddress> addresses = allowed(route.endpoint().host());
      if (addresses.isEmpty()) {
        fail(route, loop, outcome, "the address is not among those that the relay may connect to");
      } else {
        start(new DialAttempt(route, tls, addresses, loop, outcome), loop);
      }
    } catch (UnknownHostException e) {
      fail(route, loop, outcome, "the host name is not known");
    } catch (RuntimeException e) {
      fail(route, loop, outcome, String.valueOf(e.getMessage()));
    }
  }

  private List<InetAddress> allowed(String host) throws UnknownHostException {
    List<InetAddress> allowed = new ArrayList<>();
    for (InetAddress address : resolver.resolve(host)) {
      if (policy.allows(host, address) && allowed.size() < MAX_ADDRESSES) {
        allowed.add(address);
      }
    }
    return allowed;
  }

  private static void start(DialAttempt attempt, EventLoop loop) {
    onLoop(loop, attempt::next);
  }

  private static void fail(Route route, EventLoop loop, Outcome outcome, @Nullable String failure) {
    onLoop(loop, () -> outcome.failed(route.endpoint() + ": " + failure));
  }

  /** A loop that has ended takes nothing; the transport itself then tells the sink's end. */
  private static void onLoop(EventLoop loop, Runnable work) {
    try {
      loop.execute(work);
    } catch (RejectedExecutionException e) {
      return;
    }
  }
}
