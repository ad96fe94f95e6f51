# The image holds one static binary and nothing else: time zones and
# certificate roots are in it (cmd/bot), there is no shell and no root.
# `make image` builds it; without a Docker engine it writes the same image to a
# file (tools/image, which is held to what is said here by its test).
FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o /bot ./cmd/bot

FROM scratch
COPY --from=build /bot /bot
USER 65532:65532
# bot.yaml and the folder of dir: sources are mounted here.
WORKDIR /etc/bcn
# Health and metrics; Slack is reached by an outgoing connection.
ENV BCN_HTTP_ADDR=0.0.0.0:8080
EXPOSE 8080
ENTRYPOINT ["/bot"]
CMD ["serve"]
