import type { Language } from './language.js';

const options = `
  --url URL            the platform; default: OC_PUBLIC_URL, else http://127.0.0.1:5000
  --email, --password  sign-in; default: OC_AUTH_EMAIL and OC_AUTH_PASSWORD, else you are asked
  --lang en|pt         language of the messages; default: your system's
  -h, --help           this text`;

const exits = `
Exit codes: 0 all done; 1 something was refused; 2 wrong usage; 3 no answer or
sign-in refused; 130 stopped with Ctrl-C.`;

const english = {
  overview: `Usage: npm run COMMAND [-- ARGUMENTS]

  import -- FOLDER     makes items of a folder of photos
  train                learns the categories anew and shows how it goes
  classify -- FILE…    says what photos show and which items look like them
  sweep                compares stored photos with their rows
  demo                 the whole road on drawn samples: a first look
  backbone             which weights recognition stands on; -- pull fetches the full ones
  docs:messages        writes docs/messages.md from the contracts

With -- --help each says more.`,
  help: {
    import: `Usage: npm run import -- FOLDER [options]

Makes an item of every photo in the sub-folders of FOLDER. The sub-folder is the
category (made if there is none), the file name the item's name.
Run it again whenever you like: what has been imported is passed over.

  --parallel N         photos sent at once, 1 to 16; default: 2${options}

  npm run import -- ~/photos/collection
  npm run import -- ./moedas --email ana@example.org --parallel 4
${exits}`,
    train: `Usage: npm run train [-- options]

Learns the categories of all photos. Waits until the photos uploaded before have
their variants, then shows every epoch and what was reached.

  --motivo TEXT        why, kept with the training${options}

  npm run train
  npm run train -- --motivo "60 new coins"

Ctrl-C stops watching; the training goes on.
${exits}`,
    classify: `Usage: npm run classify -- FILE… [options]

Says what each photo shows, how sure that is, and which of your items look most
like it. The distance is 0 for the same picture and 1 for an unrelated one.
${options}

  npm run classify -- new-coin.jpg
  npm run classify -- ./unsorted/*.jpg
${exits}`,
    sweep: `Usage: npm run sweep [-- options]

Looks for stored photos that no row knows, left by uploads that failed, and for
photos whose original is gone. The platform does the same each hour. For
administrators.

  --really             removes the photos that no row knows, if older than an hour${options}

  npm run sweep
  npm run sweep -- --really
${exits}`,
    demo: `Usage: npm run demo [-- options]

The whole road on a collection that is drawn for it: photos go in, variants are
made, a model is trained, and new photos of the same and of other things are
recognised. It runs on a platform of its own in a temporary folder and takes a
few minutes; with --url it uses yours, and leaves its items there.

  --items N            things of each kind, 5 to 200; default: 12
  --views N            photos of each thing, 1 to 10; default: 1
  --kinds LIST         default: coins,stamps,cars,minerals,watches; there is butterflies too
  --size PX            side of the photos, 64 to 4000; default: 640
  --setting NAME       studio: grey card, even light (default); varied: as people take
                       them at home
  --keep               keeps the temporary folder, and says where it is
  --draw FOLDER        only draws: FOLDER for npm run import, FOLDER-new to classify${options}

  npm run demo
  npm run demo -- --items 20 --views 2
  npm run demo -- --setting varied
${exits}`,
    backbone: `Usage: npm run backbone [-- which]
       npm run backbone -- pull [--from ADDRESS|FILE] [--force] [--trust]
       npm run backbone -- train …   (see npm run backbone -- train --help)

Recognition stands on a network that already knows how to look. A compact one comes
with the platform; the full one, MobileNetV2 with ImageNet weights, recognises
better. Without a verb, or with which: the one that would be used now.

pull fetches the full one from Keras Applications (9 MB, Apache-2.0), makes sure that
it is the one, and puts it into the folder backbone of OC_DATA_DIR. train makes the
compact one again from nothing.

  --from ADDRESS|FILE  a mirror (http, https) or a file fetched elsewhere: Keras's .h5,
                       or a .safetensors of ours
  --force              puts them in the place of weights that are there already
  --trust              takes weights that answer otherwise than expected: your own
  --lang en|pt         language of the messages; default: your system's
  -h, --help           this text

HTTP_PROXY, HTTPS_PROXY and NO_PROXY are honoured. A connection that breaks is tried
three times.

  npm run backbone
  npm run backbone -- pull
  npm run backbone -- pull --from ~/Downloads/mobilenet_v2_weights.h5
${exits}`,
    messageMap: `Usage: npm run docs:messages

Writes docs/messages.md from the messages in libs/shared/contracts.`,
  },

  unknownCommand: (name: string) => `There is no command "${name}".`,
  wrongNumber: (option: string, low: number, high: number) => `${option} must be a whole number from ${low} to ${high}`,
  askEmail: 'E-mail: ',
  askPassword: 'Password: ',
  needCredentials: 'Say who you are: --email and --password, or OC_AUTH_EMAIL and OC_AUTH_PASSWORD.',
  wrongCredentials: 'The platform knows no such e-mail with this password.',
  unreachable: 'No platform answers. Is it running (npm start)?',
  waiting: (seconds: number, why: string) => `Waiting ${seconds} s: ${why}`,
  interrupted: 'Stopped.',
  seconds: (seconds: number) => `${seconds.toFixed(1)} s`,

  import: {
    needFolder: 'Say which folder: npm run import -- FOLDER',
    noFolder: (folder: string) => `There is no folder ${folder}`,
    noPhotos: (folder: string) => `No photos in the sub-folders of ${folder}. Each sub-folder is a category, with its photos in it.`,
    found: (photos: number, categories: number) => `${photos} photos in ${categories} categories`,
    ignored: (count: number, first: string) => `Passed over ${count} that are no photo in a category: ${first}`,
    label: 'Import',
    forgetful: (file: string, why: string) => `What has been imported can't be noted in ${file} (${why}): the next run sends everything again, which makes nothing twice within a day.`,
    result: (created: number, known: number, refused: number) => `${created} imported, ${known} were there already, ${refused} refused`,
    refusedHead: ['File', 'Code', 'Reason'],
    stopped: 'The platform stopped answering. Run the same command again to go on.',
  },
  train: {
    queued: (id: string) => `Training ${id}`,
    onlyWatching: 'Ctrl-C stops watching; the training goes on.',
    phases: {
      waiting: 'Waiting for the variants',
      gathering: 'Gathering the photos',
      embedding: 'Looking at the photos',
      training: 'Learning',
      writing: 'Writing the model',
      uploading: 'Storing the model',
      announcing: 'Handing it over',
    } as Record<string, string>,
    augmenting: (photos: number) => `${photos} photos still without variants`,
    epochHead: 'epoch      loss   accuracy   val. loss   val. accuracy',
    done: (version: string) => `Trained: version ${version}`,
    leftOut: (categories: string) => `Too few photos or items to be learnt: ${categories}`,
    ended: { refused: 'Refused', failed: 'Failed', cancelled: 'Cancelled' },
    figuresHead: ['Accuracy', 'Macro-F1', 'Calibration error', 'Loss'],
    classesHead: ['Class', 'Precision', 'Recall', 'F1', 'Test photos'],
    backbones: { full: 'the full backbone', compact: 'the compact backbone' },
    figuresFor: (backbone: string, id: string) => `These figures are for ${backbone} (${id}).`,
    fuller: 'The full one recognises better: npm run backbone -- pull, or set OC_BACKBONE to a file; then start again and train.',
  },
  classify: {
    needFile: 'Say which photo: npm run classify -- FILE…',
    head: ['Photo', 'Shows', 'Sure', 'Looks like (distance)'],
    perhaps: (guesses: string) => `perhaps ${guesses}`,
    nothingAlike: 'nothing yet',
  },
  sweep: {
    orphans: (count: number) => `${count} stored photos without a row`,
    removed: (count: number) => `${count} of them removed`,
    onlyLooked: 'Nothing was removed: --really removes them',
    noneMissing: 'Every photo has its original',
    missing: (count: number) => `${count} photos have lost their original:`,
  },
  demo: {
    intro: (things: number, photos: number, kinds: string) => `A collection of ${things} things in ${photos} photos: ${kinds}`,
    drawing: 'Drawing the photos',
    starting: 'Starting a platform of its own',
    notBuilt: 'The platform is not built yet. Run it as npm run demo, which builds it.',
    platformEnded: (folder: string) => `The platform ended before it was ready. What it said is in ${folder}.`,
    uploading: 'Uploading',
    firstSimilar: 'First similar item found',
    noSimilar: 'No similar item was found',
    variants: 'Waiting for the variants',
    training: 'Training',
    recognising: 'Recognising new photos',
    stepsHead: ['Step', 'Took'],
    recognisedHead: ['Kind', 'Known things, new photos', 'The thing itself found first', 'Things never seen'],
    outOf: (right: number, all: number) => `${right} of ${all}`,
    accuracy: (share: number, sure: number, all: number) => `Right class: ${(share * 100).toFixed(0)} % of ${all} photos; in ${sure} of them the model was sure enough to name it by itself.`,
    fuller: 'The full one recognises better: npm run backbone -- pull gets it, and the demo\'s own platform takes it from OC_BACKBONE=FILE.',
    trainingEnded: (status: string, reason: string) => `The training was ${status}: ${reason}`,
    kept: (folder: string) => `Kept: ${folder}`,
    drawn: (folder: string, newFolder: string) => `Drawn: ${folder} to import, ${newFolder} to classify`,
    total: 'Everything',
  },
  backbone: {
    labels: { origin: 'Backbone', file: 'File', input: 'Input', licence: 'Licence', id: 'Id' },
    origins: {
      configured: 'the one that OC_BACKBONE names',
      'data folder': 'the one in the data folder',
      shipped: 'the compact one that comes with the platform',
    },
    fuller: 'The full one recognises better: npm run backbone -- pull',
    mendConfigured: 'Correct OC_BACKBONE, in .env or the environment, or take it out.',
    mendOwn: 'Take that file away, or replace it: npm run backbone -- pull --force',
    noAddress: '--from is an address (http://… or https://…, without a password in it) or a file',
    noFile: (file: string) => `The file ${file} can't be read`,
    fetching: (host: string) => `Fetching the weights from ${host}`,
    comparing: 'Comparing their answers with those of the platform\'s own backbone',
    done: (file: string) => `Put in place: ${file}`,
    setAside: (file: string) => `What was there is kept, unused: ${file}`,
    restart: 'Restart npm start. The next training uses them; the present model goes on serving until then.',
    alreadyThere: (file: string) => `Already there, and right: ${file}`,
    configuredGoesBefore: (file: string) => `OC_BACKBONE names ${file}, which goes before: take it out of .env or the environment to use these.`,
    otherSource: (source: string) => `it came from ${source}`,
    otherWeights: 'it holds other weights',
    taken: (file: string, reason: string) => `${file} is there already and is not this: ${reason}\nWith --force the new weights take its place.`,
    nothingToCompare: 'The platform\'s own backbone is not there to compare with, so nobody can tell whether these are the right weights. If you know that they are: --trust.',
    unlike: (likeness: number, least: number) => `These are not the weights meant: their answers are too unlike those of the platform's own backbone (${likeness.toFixed(2)}, at least ${least.toFixed(2)} is needed). Nothing was changed. For weights of your own: --trust.`,
    notFetched: {
      answered: (source: string, why: string) => `${source} could not be fetched: the server answered ${why}.`,
      large: (source: string, why: string) => `${source} has ${why}: those can't be the weights.`,
      broken: (source: string, why: string) => `${source} could not be fetched: ${why}.`,
    },
    unusable: (source: string, why: string) => `What came from ${source} can't be used. ${why}`,
    otherWays: 'Nothing was changed. Try again later, set HTTPS_PROXY if you are behind a proxy, or fetch the file elsewhere: npm run backbone -- pull --from FILE',
    notWritten: (file: string, code: string) => `${file} can't be written (${code}). Is there space, and is the folder yours? Nothing was changed.`,
  },
  messageMap: { written: (file: string) => `Wrote ${file}` },
};

export type Texts = typeof english;

const opcoes = `
  --url URL            a plataforma; padrão: OC_PUBLIC_URL, senão http://127.0.0.1:5000
  --email, --password  acesso; padrão: OC_AUTH_EMAIL e OC_AUTH_PASSWORD, senão são perguntados
  --lang en|pt         idioma das mensagens; padrão: o do sistema
  -h, --help           este texto`;

const saidas = `
Códigos de saída: 0 tudo feito; 1 algo foi recusado; 2 uso errado; 3 sem resposta ou
acesso negado; 130 interrompido com Ctrl-C.`;

const portuguese: Texts = {
  overview: `Uso: npm run COMANDO [-- ARGUMENTOS]

  import -- PASTA      transforma uma pasta de fotos em itens
  train                aprende as categorias de novo e mostra o andamento
  classify -- FOTO…    diz o que as fotos mostram e com quais itens se parecem
  sweep                compara as fotos guardadas com suas linhas
  demo                 o caminho inteiro com amostras desenhadas: um primeiro olhar
  backbone             em que pesos o reconhecimento se apoia; -- pull busca os completos
  docs:messages        escreve docs/messages.md a partir dos contratos

Com -- --help cada um diz mais.`,
  help: {
    import: `Uso: npm run import -- PASTA [opções]

Faz um item de cada foto nas subpastas de PASTA. A subpasta é a categoria (criada
se não existir), o nome do arquivo é o nome do item.
Pode ser repetido à vontade: o que já foi importado é pulado.

  --parallel N         fotos enviadas ao mesmo tempo, 1 a 16; padrão: 2${opcoes}

  npm run import -- ~/fotos/colecao
  npm run import -- ./moedas --email ana@example.org --parallel 4
${saidas}`,
    train: `Uso: npm run train [-- opções]

Aprende as categorias de todas as fotos. Espera até que as fotos enviadas antes
tenham suas variantes; depois mostra cada época e o resultado.

  --motivo TEXTO       por quê; fica guardado com o treinamento${opcoes}

  npm run train
  npm run train -- --motivo "60 moedas novas"

Ctrl-C deixa de acompanhar; o treinamento continua.
${saidas}`,
    classify: `Uso: npm run classify -- FOTO… [opções]

Diz o que cada foto mostra, com que certeza, e quais dos seus itens mais se
parecem. A distância é 0 para a mesma imagem e 1 para uma sem relação.
${opcoes}

  npm run classify -- moeda-nova.jpg
  npm run classify -- ./soltas/*.jpg
${saidas}`,
    sweep: `Uso: npm run sweep [-- opções]

Procura fotos guardadas que nenhuma linha conhece, deixadas por envios que
falharam, e fotos cujo original sumiu. A plataforma faz o mesmo a cada hora. Para
administradores.

  --really             remove as fotos que nenhuma linha conhece, com mais de uma hora${opcoes}

  npm run sweep
  npm run sweep -- --really
${saidas}`,
    demo: `Uso: npm run demo [-- opções]

O caminho inteiro com uma coleção desenhada para isso: as fotos entram, as
variantes são feitas, um modelo é treinado, e fotos novas das mesmas e de outras
coisas são reconhecidas. Roda numa plataforma própria em pasta temporária e leva
alguns minutos; com --url usa a sua, e deixa lá os itens.

  --items N            coisas de cada tipo, 5 a 200; padrão: 12
  --views N            fotos de cada coisa, 1 a 10; padrão: 1
  --kinds LISTA        padrão: coins,stamps,cars,minerals,watches; há também butterflies
  --size PX            lado das fotos, 64 a 4000; padrão: 640
  --setting NOME       studio: fundo cinza, luz uniforme (padrão); varied: como se fotografa
                       em casa
  --keep               guarda a pasta temporária e diz onde está
  --draw PASTA         só desenha: PASTA para npm run import, PASTA-new para classificar${opcoes}

  npm run demo
  npm run demo -- --items 20 --views 2
  npm run demo -- --setting varied
${saidas}`,
    backbone: `Uso: npm run backbone [-- which]
     npm run backbone -- pull [--from ENDEREÇO|ARQUIVO] [--force] [--trust]
     npm run backbone -- train …   (veja npm run backbone -- train --help)

O reconhecimento se apoia numa rede que já sabe olhar. Uma compacta vem com a
plataforma; a completa, MobileNetV2 com pesos ImageNet, reconhece melhor. Sem verbo,
ou com which: a que seria usada agora.

pull busca a completa no Keras Applications (9 MB, Apache-2.0), certifica-se de que é
ela, e a põe na pasta backbone de OC_DATA_DIR. train faz a compacta de novo, do nada.

  --from ENDEREÇO|ARQUIVO  um espelho (http, https) ou um arquivo buscado à parte: o
                       .h5 do Keras, ou um .safetensors nosso
  --force              põe os pesos no lugar dos que já estão lá
  --trust              aceita pesos que respondem diferente do esperado: os seus
  --lang en|pt         idioma das mensagens; padrão: o do sistema
  -h, --help           este texto

HTTP_PROXY, HTTPS_PROXY e NO_PROXY são respeitados. Uma conexão que cai é tentada
três vezes.

  npm run backbone
  npm run backbone -- pull
  npm run backbone -- pull --from ~/Downloads/mobilenet_v2_weights.h5
${saidas}`,
    messageMap: `Uso: npm run docs:messages

Escreve docs/messages.md a partir das mensagens em libs/shared/contracts.`,
  },

  unknownCommand: (name) => `Não existe o comando "${name}".`,
  wrongNumber: (option, low, high) => `${option} deve ser um número inteiro de ${low} a ${high}`,
  askEmail: 'E-mail: ',
  askPassword: 'Senha: ',
  needCredentials: 'Diga quem é: --email e --password, ou OC_AUTH_EMAIL e OC_AUTH_PASSWORD.',
  wrongCredentials: 'A plataforma não conhece este e-mail com esta senha.',
  unreachable: 'Nenhuma plataforma responde. Ela está rodando (npm start)?',
  waiting: (seconds, why) => `Esperando ${seconds} s: ${why}`,
  interrupted: 'Interrompido.',
  seconds: (seconds) => `${seconds.toFixed(1).replace('.', ',')} s`,

  import: {
    needFolder: 'Diga qual pasta: npm run import -- PASTA',
    noFolder: (folder) => `Não existe a pasta ${folder}`,
    noPhotos: (folder) => `Não há fotos nas subpastas de ${folder}. Cada subpasta é uma categoria, com suas fotos dentro.`,
    found: (photos, categories) => `${photos} fotos em ${categories} categorias`,
    ignored: (count, first) => `Deixados de lado ${count} que não são foto numa categoria: ${first}`,
    label: 'Importação',
    forgetful: (file, why) => `O que foi importado não pôde ser anotado em ${file} (${why}): a próxima vez enviará tudo de novo, o que dentro de um dia não cria nada em dobro.`,
    result: (created, known, refused) => `${created} importados, ${known} já existiam, ${refused} recusados`,
    refusedHead: ['Arquivo', 'Código', 'Motivo'],
    stopped: 'A plataforma deixou de responder. Rode o mesmo comando outra vez para continuar.',
  },
  train: {
    queued: (id) => `Treinamento ${id}`,
    onlyWatching: 'Ctrl-C deixa de acompanhar; o treinamento continua.',
    phases: {
      waiting: 'Esperando as variantes',
      gathering: 'Reunindo as fotos',
      embedding: 'Olhando as fotos',
      training: 'Aprendendo',
      writing: 'Escrevendo o modelo',
      uploading: 'Guardando o modelo',
      announcing: 'Entregando',
    },
    augmenting: (photos) => `${photos} fotos ainda sem variantes`,
    epochHead: 'época      perda   acerto   perda val.   acerto val.',
    done: (version) => `Treinado: versão ${version}`,
    leftOut: (categories) => `Poucas fotos ou itens para aprender: ${categories}`,
    ended: { refused: 'Recusado', failed: 'Falhou', cancelled: 'Cancelado' },
    figuresHead: ['Acerto', 'Macro-F1', 'Erro de calibração', 'Perda'],
    classesHead: ['Classe', 'Precisão', 'Revocação', 'F1', 'Fotos de teste'],
    backbones: { full: 'o backbone completo', compact: 'o backbone compacto' },
    figuresFor: (backbone, id) => `Estes números valem para ${backbone} (${id}).`,
    fuller: 'O completo reconhece melhor: npm run backbone -- pull, ou aponte OC_BACKBONE para um arquivo; depois reinicie e treine.',
  },
  classify: {
    needFile: 'Diga qual foto: npm run classify -- FOTO…',
    head: ['Foto', 'Mostra', 'Certeza', 'Parecidos (distância)'],
    perhaps: (guesses) => `talvez ${guesses}`,
    nothingAlike: 'nada ainda',
  },
  sweep: {
    orphans: (count) => `${count} fotos guardadas sem linha`,
    removed: (count) => `${count} delas removidas`,
    onlyLooked: 'Nada foi removido: --really as remove',
    noneMissing: 'Toda foto tem seu original',
    missing: (count) => `${count} fotos perderam o original:`,
  },
  demo: {
    intro: (things, photos, kinds) => `Uma coleção de ${things} coisas em ${photos} fotos: ${kinds}`,
    drawing: 'Desenhando as fotos',
    starting: 'Iniciando uma plataforma própria',
    notBuilt: 'A plataforma ainda não foi compilada. Use npm run demo, que a compila.',
    platformEnded: (folder) => `A plataforma terminou antes de ficar pronta. O que ela disse está em ${folder}.`,
    uploading: 'Enviando',
    firstSimilar: 'Primeiro item semelhante encontrado',
    noSimilar: 'Nenhum item semelhante foi encontrado',
    variants: 'Esperando as variantes',
    training: 'Treinando',
    recognising: 'Reconhecendo fotos novas',
    stepsHead: ['Passo', 'Levou'],
    recognisedHead: ['Tipo', 'Coisas conhecidas, fotos novas', 'A própria coisa em primeiro', 'Coisas nunca vistas'],
    outOf: (right, all) => `${right} de ${all}`,
    accuracy: (share, sure, all) => `Classe certa: ${(share * 100).toFixed(0)} % de ${all} fotos; em ${sure} delas o modelo tinha certeza bastante para nomeá-la sozinho.`,
    fuller: 'O completo reconhece melhor: npm run backbone -- pull o busca, e a plataforma própria da demo o toma de OC_BACKBONE=ARQUIVO.',
    trainingEnded: (status, reason) => `O treinamento terminou como ${status}: ${reason}`,
    kept: (folder) => `Guardada: ${folder}`,
    drawn: (folder, newFolder) => `Desenhadas: ${folder} para importar, ${newFolder} para classificar`,
    total: 'Tudo',
  },
  backbone: {
    labels: { origin: 'Backbone', file: 'Arquivo', input: 'Entrada', licence: 'Licença', id: 'Id' },
    origins: {
      configured: 'o que OC_BACKBONE nomeia',
      'data folder': 'o da pasta de dados',
      shipped: 'o compacto que vem com a plataforma',
    },
    fuller: 'O completo reconhece melhor: npm run backbone -- pull',
    mendConfigured: 'Corrija OC_BACKBONE, no .env ou no ambiente, ou retire-a.',
    mendOwn: 'Retire esse arquivo, ou substitua-o: npm run backbone -- pull --force',
    noAddress: '--from é um endereço (http://… ou https://…, sem senha nele) ou um arquivo',
    noFile: (file) => `O arquivo ${file} não pode ser lido`,
    fetching: (host) => `Buscando os pesos em ${host}`,
    comparing: 'Comparando suas respostas com as do backbone da própria plataforma',
    done: (file) => `No lugar: ${file}`,
    setAside: (file) => `O que estava lá fica guardado, sem uso: ${file}`,
    restart: 'Reinicie npm start. O próximo treinamento os usa; o modelo atual continua servindo até lá.',
    alreadyThere: (file) => `Já está lá, e certo: ${file}`,
    configuredGoesBefore: (file) => `OC_BACKBONE nomeia ${file}, que vem antes: retire-a do .env ou do ambiente para usar estes.`,
    otherSource: (source) => `veio de ${source}`,
    otherWeights: 'contém outros pesos',
    taken: (file, reason) => `${file} já existe e não é este: ${reason}\nCom --force os pesos novos tomam seu lugar.`,
    nothingToCompare: 'O backbone da própria plataforma não está lá para comparar, e assim ninguém sabe se estes são os pesos certos. Se você sabe que são: --trust.',
    unlike: (likeness, least) => `Estes não são os pesos esperados: suas respostas se parecem pouco com as do backbone da própria plataforma (${likeness.toFixed(2).replace('.', ',')}; é preciso ao menos ${least.toFixed(2).replace('.', ',')}). Nada foi mudado. Para pesos seus: --trust.`,
    notFetched: {
      answered: (source, why) => `${source} não pôde ser buscado: o servidor respondeu ${why}.`,
      large: (source, why) => `${source} é grande demais (${why}): não podem ser os pesos.`,
      broken: (source, why) => `${source} não pôde ser buscado: ${why}.`,
    },
    unusable: (source, why) => `O que veio de ${source} não pode ser usado. ${why}`,
    otherWays: 'Nada foi mudado. Tente mais tarde, defina HTTPS_PROXY se houver um proxy no caminho, ou busque o arquivo à parte: npm run backbone -- pull --from ARQUIVO',
    notWritten: (file, code) => `${file} não pode ser escrito (${code}). Há espaço, e a pasta é sua? Nada foi mudado.`,
  },
  messageMap: { written: (file) => `${file} escrito` },
};

export const texts: Record<Language, Texts> = { en: english, pt: portuguese };
