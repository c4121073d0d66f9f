package dev.outboxrelay.sink.tcp;

import dev.outboxrelay.sink.AddressPolicy;
import io.netty.bootstrap.Bootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.ConnectTimeoutException;
import io.netty.channel.EventLoop;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.util.NetUtil;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Makes TCP connections: resolves the host's name anew each time, asks the policy, and tries one
 * address after the other, each for the destination's connect timeout.
 */
final class Dialer {

  private static final int MAX_ADDRESSES = 16;

  private final AddressPolicy policy;
  private final Executor resolver;

  /**
   * @param policy which addresses are allowed
   * @param resolver where names are looked up, which blocks
   */
  Dialer(AddressPolicy policy, Executor resolver) {
    this.policy = policy;
    this.resolver = resolver;
  }

  /** Hears how it went; called on the event loop, once. */
  interface Outcome {
    /** The connection stands; nothing has been read from it. */
    void stood(Channel channel);

    /** No address could be reached. */
    void failed(String reason);
  }

  void dial(Endpoint endpoint, Duration timeout, EventLoop loop, Outcome outcome) {
    byte[] literal = NetUtil.createByteArrayFromIpAddressString(endpoint.host());
    if (literal != null) {
      resolved(endpoint, timeout, loop, outcome);
      return;
    }
    try {
      resolver.execute(() -> resolved(endpoint, timeout, loop, outcome));
    } catch (RejectedExecutionException e) {
      loop.execute(() -> outcome.failed(endpoint + ": the relay is stopping"));
    }
  }

  private void resolved(Endpoint endpoint, Duration timeout, EventLoop loop, Outcome outcome) {
    String failure;
    try {
      InetAddress[] addresses = InetAddress.getAllByName(endpoint.host());
      List<InetAddress> allowed = new ArrayList<>();
      for (InetAddress address : addresses) {
        if (policy.allows(endpoint.host(), address) && allowed.size() < MAX_ADDRESSES) {
          allowed.add(address);
        }
      }
      if (!allowed.isEmpty()) {
        loop.execute(() -> new Attempt(endpoint, timeout, loop, outcome, allowed).next());
        return;
      }
      failure = "the address is not among those that the relay may connect to";
    } catch (UnknownHostException e) {
      failure = "the host name is not known";
    } catch (RejectedExecutionException e) {
      return;
    } catch (RuntimeException e) {
      failure = String.valueOf(e.getMessage());
    }
    String reason = endpoint + ": " + failure;
    try {
      loop.execute(() -> outcome.failed(reason));
    } catch (RejectedExecutionException e) {
      // The transport is closed, and the sink was told so.
      return;
    }
  }

  /** One address after the other. */
  private static final class Attempt {

    private final Endpoint endpoint;
    private final Duration timeout;
    private final EventLoop loop;
    private final Outcome outcome;
    private final List<InetAddress> addresses;
    private final List<String> failures = new ArrayList<>();
    private int tried;

    Attempt(
        Endpoint endpoint,
        Duration timeout,
        EventLoop loop,
        Outcome outcome,
        List<InetAddress> addresses) {
      this.endpoint = endpoint;
      this.timeout = timeout;
      this.loop = loop;
      this.outcome = outcome;
      this.addresses = addresses;
    }

    void next() {
      if (tried == addresses.size()) {
        outcome.failed(endpoint + ": " + String.join("; ", failures));
        return;
      }
      InetAddress address = addresses.get(tried++);
      new Bootstrap()
          .group(loop)
          .channel(NioSocketChannel.class)
          .option(ChannelOption.TCP_NODELAY, true)
          .option(ChannelOption.SO_KEEPALIVE, true)
          .option(
              ChannelOption.CONNECT_TIMEOUT_MILLIS,
              (int) Math.min(Integer.MAX_VALUE, Math.max(1, timeout.toMillis())))
          .option(
              ChannelOption.WRITE_BUFFER_WATER_MARK,
              new WriteBufferWaterMark(Outgoing.MAX_BUFFER_BYTES, 2 * Outgoing.MAX_BUFFER_BYTES))
          .handler(new ChannelInboundHandlerAdapter())
          .connect(new InetSocketAddress(address, endpoint.port()))
          .addListener(
              (io.netty.channel.ChannelFuture future) -> {
                if (future.isSuccess()) {
                  outcome.stood(future.channel());
                } else {
                  String why = reason(future.cause());
                  boolean one = addresses.size() == 1;
                  failures.add(one ? why : address.getHostAddress() + ": " + why);
                  next();
                }
              });
    }

    private String reason(Throwable cause) {
      if (cause instanceof ConnectTimeoutException) {
        return "no answer within " + timeout.toMillis() + " ms";
      }
      if (cause instanceof ConnectException refused) {
        // Netty adds the address, which the reason already names.
        Throwable first = refused.getCause() instanceof ConnectException e ? e : refused;
        return String.valueOf(first.getMessage()).replaceFirst("getsockopt: ", "");
      }
      return String.valueOf(cause.getMessage());
    }
  }
}
