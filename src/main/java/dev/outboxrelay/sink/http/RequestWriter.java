// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.http;

import dev.outboxrelay.sink.BinaryEvent;
import dev.outboxrelay.values.Destination.Format;
import io.netty.buffer.Unpooled;
import io.netty.handler.codec.http.DefaultFullHttpRequest;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpVersion;

/** Makes requests of messages. */
final class RequestWriter {
  private final HttpUri uri;
  private final Format format;
  private final boolean binary;

  RequestWriter(HttpUri uri, Format format, boolean binary) {
    this.uri = uri;
    this.format = format;
    this.binary = binary;
  }

  FullHttpRequest request(Parcel parcel, Credentials credentials, long nowSeconds) {
    byte[] body = parcel.body();
    BinaryEvent event = null;
    if (binary) {
      event = BinaryEvent.of(body);
      body = event.data();
    }
    FullHttpRequest request =
        new DefaultFullHttpRequest(
            HttpVersion.HTTP_1_1, HttpMethod.POST, uri.target(), Unpooled.wrappedBuffer(body));
    HttpHeaders headers = request.headers();
    headers.set(HttpHeaderNames.HOST, uri.authority());
    headers.set(HttpHeaderNames.USER_AGENT, "outbox-relay");
    credentials.headers().forEach(headers::set);
    headers.set(HttpHeaderNames.CONTENT_TYPE, contentType(parcel.messages().size()));
    headers.set(HttpHeaderNames.CONTENT_LENGTH, body.length);
    if (event != null) {
      event.headers("ce-").forEach(headers::set);
    }
    String id = parcel.id();
    headers.set("webhook-id", id);
    headers.set("webhook-timestamp", Long.toString(nowSeconds));
    String signature = credentials.signature(id, nowSeconds, body);
    if (signature != null) {
      headers.set("webhook-signature", signature);
    }
    return request;
  }

  private String contentType(int messages) {
    if (format != Format.CLOUDEVENTS || binary) {
      return "application/json";
    }
    return messages == 1
        ? "application/cloudevents+json; charset=utf-8"
        : "application/cloudevents-batch+json; charset=utf-8";
  }
}
